/**
 * Shell completion: small scripts that ask `kcfg __complete` for each word, so that they never go stale.
 */

import type { CommandEntry } from "./command.ts";
import { allFlags } from "./common_flags.ts";
import { proposeArgs } from "./doubtful_args.ts";

/** Shells that `kcfg completion` knows. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of `SHELLS`. */
export type Shell = typeof SHELLS[number];

const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# kcfg completion for bash: source <(kcfg completion bash)
_kcfg() {
  local IFS=$'\\n'
  COMPREPLY=($(kcfg __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _kcfg kcfg
`,
  zsh: `#compdef kcfg
# kcfg completion for zsh: source <(kcfg completion zsh)
_kcfg() {
  local -a proposals
  proposals=(\${(f)"$(kcfg __complete -- "\${words[@]:1:$((CURRENT - 1))}" 2>/dev/null)"})
  if (( \${#proposals} )); then compadd -a proposals; else _files; fi
}
compdef _kcfg kcfg
`,
  fish: `# kcfg completion for fish: kcfg completion fish | source
function __kcfg_complete
  set -l words (commandline -opc) (commandline -ct)
  kcfg __complete -- $words[2..] 2>/dev/null
end
complete -c kcfg -a '(__kcfg_complete)'
`,
};

/** The script of a shell. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}

/** Proposals for the last of `words`, which may be empty; `words` starts behind the program name. */
export async function complete(
  words: readonly string[],
  commands: readonly CommandEntry[],
): Promise<readonly string[]> {
  const [first = "", ...rest] = words;
  if (rest.length === 0 || (first === "help" && rest.length === 1)) {
    const typed = rest[0] ?? first;
    const names = commands.map((entry) => entry.name);
    return (rest.length === 0 ? [...names, "help"] : names).filter((name) =>
      name.startsWith(typed)
    );
  }
  const entry = commands.find((candidate) => candidate.name === first);
  if (entry === undefined || rest.slice(0, -1).includes("--")) return [];
  const { command } = await entry.load();
  const flags = allFlags(command);
  const typed = rest.at(-1) ?? "";
  const previous = rest.at(-2) ?? "";
  const pending = flags[previous.replace(/^--?/, "")];
  if (previous.startsWith("-") && pending !== undefined && pending.boolean !== true) {
    return (pending.choices ?? []).filter((choice) => choice.startsWith(typed));
  }
  if (!typed.startsWith("-")) return [];
  const proposals = await proposeArgs({ ...command, flags }, [typed.replace(/^--?/, "--")]);
  return proposals.filter((proposal) => !proposal.startsWith("--help"));
}
