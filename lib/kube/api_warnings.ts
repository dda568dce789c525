/** The API server's `Warning` headers (RFC 7234 5.5, code 299), each text logged once. */

import type { Logger } from "#lib/log/logger.ts";

const MAX_REMEMBERED = 1000;

/** Remembers which warnings were logged. */
export class WarningLog {
  readonly #logger: Logger;
  readonly #seen = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Logs the new texts of a header; `expected` ones at debug level. */
  note(
    header: string | readonly string[] | undefined,
    { expected }: { readonly expected: boolean },
  ): void {
    if (header === undefined) return;
    for (const text of parseWarnings(typeof header === "string" ? header : header.join(", "))) {
      if (this.#seen.has(text) || this.#seen.size >= MAX_REMEMBERED) continue;
      this.#seen.add(text);
      if (expected) this.#logger.debug("api warning", { text });
      else this.#logger.warn("api warning", { text });
    }
  }
}

/** Texts of the code 299 warnings in a header that may join several by commas. */
export function parseWarnings(header: string): string[] {
  const texts: string[] = [];
  for (const match of header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)) {
    texts.push((match[1] ?? "").replace(/\\(.)/g, "$1"));
  }
  return texts;
}
