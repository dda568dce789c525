/** `kcfg __complete WORDS…`: what the completion scripts ask; prints one proposal a line. */

import { COMMANDS } from "../mod.ts";
import type { Command } from "#lib/cli/command.ts";
import { complete } from "#lib/cli/completion.ts";

interface CompleteOptions {
  readonly words: readonly string[];
}

/** The command; hidden, for scripts only. Everything typed so far arrives behind `--` or as it is. */
export const command: Command<CompleteOptions, Record<never, never>> = {
  name: "__complete",
  summary: "Propose completions for a command line",
  description: [],
  examples: [],
  flags: {},
  takesPassthrough: true,
  positionals: { placeholder: "WORD", brief: "", minimum: 0, maximum: 1000 },
  options: (_resolved, { positionals, passthrough }) => ({ words: passthrough ?? positionals }),
  permissions: () => ({}),
  async run({ words }, { stdout }) {
    const proposals = await complete(words, COMMANDS);
    stdout.write(proposals.map((proposal) => `${proposal}\n`).join(""));
    return 0;
  },
};
