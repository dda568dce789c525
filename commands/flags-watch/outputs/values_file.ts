/** A file that is kept at the current values, replaced as a whole after each update (flags-watch.md 6, `--out-file`). */

import type { FlagSet } from "#lib/flags/flag_set.ts";
import { environmentName } from "#lib/flags/environment.ts";
import { flagBody, flagSetBody } from "#lib/flags/wire.ts";
import { stringifyProperties } from "#lib/format/properties.ts";
import { stringifyYaml } from "#lib/format/yaml.ts";
import { writeFileAtomically } from "#lib/fs/atomic_write.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock, Timer } from "#lib/run/clock.ts";
import type { FileForm } from "../flag_table.ts";

/** The values of all flags in a form; secret ones are `***`. */
export function formatValues(flags: FlagSet, form: FileForm): string {
  if (form === "json") return `${JSON.stringify(flagSetBody(flags).flags, null, 2)}\n`;
  if (form === "yaml") return stringifyYaml(flagSetBody(flags).flags);
  const texts = flags.entries().map((entry) => [entry.name, flagBody(entry).string] as const);
  if (form === "properties") return stringifyProperties(new Map(texts));
  return texts.map(([name, text]) => `${environmentName(name, "")}=${quote(text)}\n`).join("");
}

/** Where the file is, and how it is written. */
export interface ValuesFileOptions {
  readonly path: string;
  readonly form: FileForm;
}

/** What keeping it needs. */
export interface ValuesFileDeps {
  readonly flags: FlagSet;
  readonly log: Logger;
  readonly clock: Clock;
}

/** A disk that was full may not be in a moment. */
const RETRY_MS = 5000;

/** Writes the file once. @throws {Error} naming the path */
export async function writeValues(
  flags: FlagSet,
  { path, form }: ValuesFileOptions,
): Promise<void> {
  try {
    await writeFileAtomically(path, new TextEncoder().encode(formatValues(flags, form)));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot write values to "${path}": ${reason}`, { cause: error });
  }
}

/** Writes the file now and after each update, until disposed; what cannot be written is tried again. */
export class ValuesFile implements AsyncDisposable {
  readonly #options: ValuesFileOptions;
  readonly #deps: ValuesFileDeps;
  #retry: Timer | undefined;
  readonly #stop: () => void;
  #writing: Promise<void> | undefined;
  #isDue = false;

  constructor(options: ValuesFileOptions, deps: ValuesFileDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#stop = deps.flags.onUpdate(({ changes }) => {
      if (changes.length > 0) this.#schedule();
    });
  }

  /** Writes the values as they are now. @throws {Error} naming the path */
  async write(): Promise<void> {
    await writeValues(this.#deps.flags, this.#options);
  }

  /** Ends it once what is under way is written. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    await this.#writing;
    this.#retry?.cancel();
  }

  /** One write at a time; what comes meanwhile is in the next one. */
  #schedule(): void {
    this.#isDue = true;
    this.#writing ??= this.#work().finally(() => this.#writing = undefined);
  }

  async #work(): Promise<void> {
    while (this.#isDue) {
      this.#isDue = false;
      try {
        await this.write();
      } catch (err) {
        const { log, clock } = this.#deps;
        log.error("values not written", { err, retryInMs: RETRY_MS });
        this.#retry?.cancel();
        this.#retry = clock.timer(() => this.#schedule(), RETRY_MS, { unref: true });
      }
    }
  }
}

/** For `.`, `source` and env files alike: between single quotes nothing has a meaning but the quote itself. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
