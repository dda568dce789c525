/**
 * Colour on terminals, as functions that do nothing when colour is off. Whether it is on is decided once, by
 * the caller, from what it knows of the stream; nothing here looks at the environment.
 */

/** What the user asked for with `--color`. */
export type ColorMode = "auto" | "always" | "never";

/** Paints text; the identity when colour is off. */
export type Paint = (text: string) => string;

/** The colours in use, all readable on dark and on light backgrounds. */
export interface Palette {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly blue: Paint;
  readonly magenta: Paint;
  readonly cyan: Paint;
}

const CSI = "\x1b[";

/** Name → codes that begin and end it. */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;

/**
 * Whether to paint: `--color=always` and `never` win; `auto` paints on a terminal unless `noColor`, the value
 * of the variable NO_COLOR, is set and not empty.
 */
export function wantsColor(
  { mode = "auto", isTerminal, noColor = "" }: {
    readonly mode?: ColorMode;
    readonly isTerminal: boolean;
    readonly noColor?: string | undefined;
  },
): boolean {
  if (mode !== "auto") return mode === "always";
  return isTerminal && noColor === "";
}

/** A palette that paints, or one that leaves every text as it is. */
export function createPalette({ enabled }: { readonly enabled: boolean }): Palette {
  const paint = (name: keyof typeof CODES): Paint => {
    if (!enabled) return (text) => text;
    const [open, close] = CODES[name];
    // A colour inside ends with the same code, so it is opened again behind it.
    return (text) => {
      const inside = text.replaceAll(`${CSI}${close}m`, `${CSI}${close}m${CSI}${open}m`);
      return `${CSI}${open}m${inside}${CSI}${close}m`;
    };
  };
  return {
    bold: paint("bold"),
    dim: paint("dim"),
    red: paint("red"),
    green: paint("green"),
    yellow: paint("yellow"),
    blue: paint("blue"),
    magenta: paint("magenta"),
    cyan: paint("cyan"),
  };
}

/** `text` without colours and other control sequences of the CSI form. */
export function stripColor(text: string): string {
  return text.replace(/\p{Cc}\[[0-?]*[ -/]*[@-~]/gu, "");
}
