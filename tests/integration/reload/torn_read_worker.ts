/** Reads a directory as fast as it can, as an application does: the version once, then its files. */

/// <reference lib="deno.worker" />

/** What was seen until the reader was stopped. */
export interface ReaderReport {
  readonly reads: number;
  readonly versions: number;
  readonly problems: readonly string[];
}

self.onmessage = ({ data }: MessageEvent<ReaderOrder>) => {
  self.postMessage(readUntil(data));
};

/** Where to read, and until which version. */
export interface ReaderOrder {
  readonly root: string;
  readonly names: readonly string[];
  readonly last: string;
  readonly deadlineMs: number;
}

function readUntil({ root, names, last, deadlineMs }: ReaderOrder): ReaderReport {
  const seen = new Set<string>();
  const problems: string[] = [];
  let reads = 0;
  while (Date.now() < deadlineMs && problems.length < 10 && !seen.has(last)) {
    try {
      const folder = Deno.realPathSync(`${root}/..data`);
      const found = names.map((name) => Deno.readTextFileSync(`${folder}/${name}`));
      const tags = new Set(found.map((text) => text.slice(0, text.indexOf(" "))));
      const isWhole = found.every((text) => text.endsWith(" end\n") && text.length === 1024);
      if (tags.size !== 1) problems.push(`mixed: ${[...tags]}`);
      if (!isWhole) problems.push(`short: ${found.map((text) => text.length)}`);
      for (const tag of tags) seen.add(tag);
      // The visible names must be there at every moment too.
      if (Deno.readTextFileSync(`${root}/${names[0]}`).length !== 1024) problems.push("short name");
    } catch (error) {
      problems.push(String(error));
    }
    reads += 1;
  }
  return { reads, versions: seen.size, problems };
}
