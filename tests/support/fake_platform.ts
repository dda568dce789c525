/** Files, variables and programs of a client under test, all in memory. */

import type { KubePlatform, ProcessOptions, ProcessResult } from "#lib/kube/platform.ts";

/** A platform whose parts a test changes as it goes. */
export interface FakePlatform extends KubePlatform {
  /** Content by path; an `Error` is thrown by the read. */
  readonly files: Map<string, string | Error>;
  readonly variables: Map<string, string>;
  /** Answers of `run`; undefined = no such program. */
  program: (command: string, options: ProcessOptions) => Promise<ProcessResult | undefined>;
  readonly runs: { readonly command: string; readonly options: ProcessOptions }[];
  /** Paths read so far. */
  readonly reads: string[];
  isTerminal: boolean;
}

/** An empty one. */
export function fakePlatform(
  files: Record<string, string> = {},
  variables: Record<string, string> = {},
): FakePlatform {
  const platform: FakePlatform = {
    files: new Map(Object.entries(files)),
    variables: new Map(Object.entries(variables)),
    runs: [],
    reads: [],
    isTerminal: false,
    program: () => Promise.resolve(undefined),
    readTextFile(path) {
      platform.reads.push(path);
      const content = platform.files.get(path);
      return content instanceof Error ? Promise.reject(content) : Promise.resolve(content);
    },
    env: (name) => platform.variables.get(name),
    run(command, options) {
      platform.runs.push({ command, options });
      return platform.program(command, options);
    },
    stdinIsTerminal: () => platform.isTerminal,
    os: "linux",
    arch: "amd64",
  };
  return platform;
}
