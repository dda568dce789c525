/** The test suites, in the order in which they run: the quick ones first. */

import { bundle } from "../tools/bundle.ts";

/** A set of test files and what must be there before they run. */
export interface Suite {
  /** What it proves, for the person who watches. */
  readonly title: string;
  /** Files and folders for `deno test`. */
  readonly files: readonly string[];
  /** Starts what the files need; `env` is added to their environment. */
  prepare?(): Promise<{
    readonly env: Readonly<Record<string, string>>;
    release(): Promise<void>;
  }>;
}

/** Suites by name. */
export const SUITES: Readonly<Record<string, Suite>> = {
  unit: {
    title: "units and handlers",
    files: ["lib", "commands", "tools", "tests/support"],
  },
  compat: {
    title: "recorded answers of the replaced programs",
    files: ["tests/compat"],
  },
  cli: {
    title: "command line, from source and from the bundle",
    files: ["tests/cli"],
    async prepare() {
      const { entry } = await bundle();
      return { env: { KCFG_TEST_BUNDLE: entry }, release: () => Promise.resolve() };
    },
  },
  gates: {
    title: "format, house rules, types, generated pages",
    files: ["tests/gates"],
  },
  integration: {
    title: "whole processes",
    files: ["tests/integration"],
  },
};
