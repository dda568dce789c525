/** The last stage of the bundle, on a program as the first one writes it. */

import assert from "node:assert/strict";
import { tempDir } from "#tests/support/temp_dir.ts";
import { mergeFiles } from "./merge_files.ts";

/** Two commands; the first one prints by a part that is imported late. Shared code is used above its place. */
const FILES: Readonly<Record<string, string>> = {
  "main.js": `import{say}from"./chunk-AAAAAAAA.js";
var x=[{name:"a",summary:"A",load:()=>import("./mod-BBBBBBBB.js")},{name:"b",summary:"B",load:()=>import("./mod-CCCCCCCC.js")}];
async function run(url){const c=x.find(({name})=>name===Deno.args[0]);await c.readParts?.();(await c.load()).run(url)}
say(0);import.meta.main&&run(import.meta.url);
`,
  "chunk-AAAAAAAA.js": `var t=twice(21);
function twice(n){return n*2}
function say(n){if(n)console.log(n,t)}
export{say};
`,
  "mod-BBBBBBBB.js": `import{say}from"./chunk-AAAAAAAA.js";
function run(url){console.log(url.split("/").at(-1));import("./late-DDDDDDDD.js").then((late)=>say(late.text))}
export{run};
`,
  "mod-CCCCCCCC.js": `import{say}from"./chunk-AAAAAAAA.js";
function run(){say("b")}
export{run};
`,
  "late-DDDDDDDD.js": `var text="late";
export{text};
`,
};

/** Large enough to stay files of their own. */
const LARGE = `globalThis.large="${"x".repeat(2000)}";\n`;

async function run(path: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--no-config", ...args.slice(1), path, args[0] ?? ""],
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test("mergeFiles() keeps what the program does, and reads files when they are reached", async () => {
  await using dir = await tempDir();
  for (const [name, text] of Object.entries(FILES)) {
    await dir.write(`from/${name}`, /^(?:mod|late)-/.test(name) ? LARGE + text : text);
    const map = { version: 3, sources: [`../${name}.ts`], names: [], mappings: "AAAA" };
    await dir.write(`from/${name}.map`, JSON.stringify(map));
  }
  const out = `${dir.path}/out`;
  await mergeFiles(`${dir.path}/from`, out);
  const text = (name: string) => Deno.readTextFile(`${out}/${name}`);

  assert.equal(await run(`${out}/main.js`, "a", "--allow-read"), "main_strict.js\nlate 42\n");
  assert.equal(await run(`${out}/main.js`, "b", "--allow-read"), "b 42\n");
  // Whoever may not read needs to have been told the names.
  assert.match(await run(`${out}/main.js`, "a"), /Requires read access/);
  assert.equal(await run(`${out}/main_strict.js`, "a"), "main_strict.js\nlate 42\n");

  const [first, second] = [await text("parts-a.js"), await text("parts-b.js")];
  assert.match(
    first,
    /^export const parts=\(\)=>\[import\("\.\/late-[^"]+"\),import\("\.\/mod-B[^"]+"\)\];\n$/,
  );
  assert.match(second, /^export const parts=\(\)=>\[import\("\.\/mod-C[^"]+"\)\];\n$/);
  assert.ok(!(await text("main.js")).includes('import("./mod-'), "names are not literal");
  assert.match(await text("main.js"), /=\(async function run\(/);
  // The runtime reads a map that is named at every start.
  assert.ok(!(await text("main.js")).includes("sourceMappingURL"));
  assert.match(await text("main.js.map"), /chunk-AAAAAAAA\.js\.ts/);
});

Deno.test("mergeFiles() refuses a command table that it does not know", async () => {
  await using dir = await tempDir();
  await dir.write("from/main.js", "console.log(1);\n");
  await dir.write("from/main.js.map", '{"version":3,"sources":[],"names":[],"mappings":""}');
  await assert.rejects(mergeFiles(`${dir.path}/from`, `${dir.path}/out`), /form is new/);
});
