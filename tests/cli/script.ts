/**
 * Command-line tests as readable scripts. A script is a text file of blocks:
 *
 *     # what the block shows
 *     $ NAME=value kcfg serve-config --lisen-addr :1
 *     stderr: kcfg: error: Unknown flag --lisen-addr
 *     exit: 2
 *
 * Lines without a prefix are stdout. `...` alone stands for any lines; `<*>` inside a line for any text.
 */

/** One command and what it must answer. */
export interface Block {
  readonly title: string;
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly exitCode: number;
}

type MutableBlock = Block & { stdout: string[]; stderr: string[]; exitCode: number };

/** What a command answered. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/**
 * Reads a script.
 *
 * @throws {SyntaxError} naming the line that is not understood
 */
export function parseScript(text: string): Block[] {
  const blocks: MutableBlock[] = [];
  let title = "";
  let block: MutableBlock | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    if (line.startsWith("# ")) {
      title = line.slice(2);
      block = undefined;
    } else if (line.startsWith("$ ")) {
      const { env, args } = parseCommand(line.slice(2), index + 1);
      block = { title, env, args: [...args], stdout: [], stderr: [], exitCode: 0 };
      blocks.push(block);
    } else if (block === undefined) {
      if (line !== "") {
        throw new SyntaxError(`Line ${index + 1}: expected "# title" or "$ command"`);
      }
    } else if (line.startsWith("stderr: ")) block.stderr.push(line.slice(8));
    else if (line.startsWith("exit: ")) block.exitCode = Number(line.slice(6));
    else block.stdout.push(line === "~" ? "" : line);
  }
  // A blank line ends a block's output; `~` is a blank line that is meant.
  for (const { stdout } of blocks) while (stdout.at(-1) === "") stdout.pop();
  return blocks;
}

function parseCommand(text: string, line: number) {
  const words = [...text.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "");
  const program = words.indexOf("kcfg");
  if (program < 0) throw new SyntaxError(`Line ${line}: the command must be kcfg`);
  const env = Object.fromEntries(
    words.slice(0, program).map((pair) => {
      const equals = pair.indexOf("=");
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
  return { env, args: words.slice(program + 1) };
}

/** What is wrong with `outcome`, or `undefined` when it is as the block says. */
export function difference(block: Block, outcome: Outcome): string | undefined {
  if (outcome.exitCode !== block.exitCode) {
    return `exit ${outcome.exitCode}, expected ${block.exitCode}; stderr:\n${outcome.stderr}`;
  }
  if (!matchesLines(block.stdout, outcome.stdout)) return `stdout:\n${outcome.stdout}`;
  if (!matchesLines(block.stderr, outcome.stderr)) return `stderr:\n${outcome.stderr}`;
  return undefined;
}

function matchesLines(expected: readonly string[], text: string): boolean {
  const pattern = expected.map((line) => {
    if (line === "...") return "(?:.*\\n)*?";
    return `${line.split("<*>").map(RegExp.escape).join(".*")}\\n`;
  }).join("");
  return new RegExp(`^${pattern}$`).test(text);
}
