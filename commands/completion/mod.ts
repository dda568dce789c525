/** `kcfg completion SHELL`: the script that makes a shell complete kcfg's words. */

import type { Command } from "#lib/cli/command.ts";
import { completionScript, SHELLS } from "#lib/cli/completion.ts";
import type { Shell } from "#lib/cli/completion.ts";
import { UsageError } from "#lib/cli/usage_error.ts";

interface CompletionOptions {
  readonly shell: Shell;
}

/** The command. */
export const command: Command<CompletionOptions, Record<never, never>> = {
  name: "completion",
  summary: "Print the completion script of a shell",
  description: ["Shells: bash, zsh, fish."],
  examples: [
    { line: "source <(kcfg completion bash)", does: "complete in this bash" },
    { line: "kcfg completion fish | source", does: "complete in this fish" },
  ],
  flags: {},
  positionals: { placeholder: "SHELL", brief: "bash, zsh or fish", minimum: 1, maximum: 1 },
  options(_resolved, { positionals }) {
    const shell = SHELLS.find((candidate) => candidate === positionals[0]);
    if (shell === undefined) {
      throw new UsageError(`Unknown shell "${positionals[0]}"`, [`known are ${SHELLS.join(", ")}`]);
    }
    return { shell };
  },
  permissions: () => ({}),
  run({ shell }, { stdout }) {
    stdout.write(completionScript(shell));
    return Promise.resolve(0);
  },
};
