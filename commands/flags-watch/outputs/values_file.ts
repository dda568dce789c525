/** A file that is kept at the current values, replaced as a whole after each update (flags-watch.md 6, `--out-file`). */

import type { FlagSet } from "#lib/flags/flag_set.ts";
import { environmentName } from "#lib/flags/environment.ts";
import { flagBody, flagSetBody } from "#lib/flags/wire.ts";
import { stringifyProperties } from "#lib/format/properties.ts";
import { stringifyYaml } from "#lib/format/yaml.ts";
import { writeFileAtomically } from "#lib/fs/atomic_write.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { FileForm } from "../flag_table.ts";

/** The values of all flags in a form; secret ones are `***`. */
export function formatValues(flags: FlagSet, form: FileForm): string {
  if (form === "json") return `${JSON.stringify(flagSetBody(flags).flags, null, 2)}\n`;
  if (form === "yaml") return stringifyYaml(flagSetBody(flags).flags);
  const texts = flags.entries().map((entry) => [entry.name, flagBody(entry).string] as const);
  if (form === "properties") return stringifyProperties(new Map(texts));
  return texts.map(([name, text]) => `${environmentName(name, "")}=${quote(text)}\n`).join("");
}

/** Writes the file now and after each update, until disposed. */
export class ValuesFile implements AsyncDisposable {
  readonly #options: { readonly path: string; readonly form: FileForm };
  readonly #deps: { readonly flags: FlagSet; readonly log: Logger };
  readonly #stop: () => void;
  #writing: Promise<void> | undefined;
  #isDue = false;

  constructor(
    options: { readonly path: string; readonly form: FileForm },
    deps: { readonly flags: FlagSet; readonly log: Logger },
  ) {
    this.#options = options;
    this.#deps = deps;
    this.#stop = deps.flags.onUpdate(({ changes }) => {
      if (changes.length > 0) this.#schedule();
    });
  }

  /** Writes the values as they are now. @throws {Error} naming the path */
  async write(): Promise<void> {
    const { path, form } = this.#options;
    await writeFileAtomically(path, new TextEncoder().encode(formatValues(this.#deps.flags, form)));
  }

  /** Ends it once what is under way is written. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    await this.#writing;
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
        this.#deps.log.error("values not written", { path: this.#options.path, err });
      }
    }
  }
}

/** For `.`, `source` and env files alike: between single quotes nothing has a meaning but the quote itself. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
