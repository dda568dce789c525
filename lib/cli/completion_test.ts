/** Proposals for half-typed command lines. */

import assert from "node:assert/strict";
import type { CommandEntry } from "./command.ts";
import { complete, completionScript, SHELLS } from "./completion.ts";
import { choiceFlag } from "./flag.ts";

const COMMANDS: CommandEntry[] = [
  {
    name: "version",
    summary: "",
    load: () =>
      Promise.resolve({
        command: {
          name: "version",
          summary: "Print",
          description: [],
          examples: [],
          flags: {
            output: choiceFlag({
              brief: "",
              category: "",
              default: "text",
              choices: ["text", "json"],
              short: "o",
            }),
          },
          options: () => undefined,
          permissions: () => ({}),
          run: () => Promise.resolve(0),
        },
      }),
  },
];

Deno.test("complete() proposes what fits the words so far", async (t) => {
  const cases: [string[], string[]][] = [
    [[""], ["version", "help"]],
    [["ver"], ["version"]],
    [["help", "v"], ["version"]],
    [["version", "--ou"], ["--output"]],
    [["version", "--output", ""], ["text", "json"]],
    [["version", "--output", "j"], ["json"]],
    [["version", "--pr"], ["--print-permissions"]],
    [["version", ""], []],
    [["unknown", "--"], []],
    [["version", "--", "--ou"], []],
  ];
  for (const [words, expected] of cases) {
    await t.step(JSON.stringify(words), async () => {
      assert.deepEqual(await complete(words, COMMANDS), expected);
    });
  }
});

Deno.test("completionScript() asks kcfg itself", () => {
  for (const shell of SHELLS) assert.match(completionScript(shell), /kcfg __complete --/);
});
