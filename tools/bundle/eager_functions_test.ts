/** Functions that are compiled with their file, and the program that stays the same. */

import assert from "node:assert/strict";
import { rollup } from "rollup";
import { eagerFunctions } from "./eager_functions.ts";

async function rewrite(code: string): Promise<string> {
  const bundle = await rollup({
    input: "main",
    plugins: [{ name: "text", resolveId: (id) => id, load: () => code }, eagerFunctions()],
    treeshake: false,
  });
  const { output: [{ code: text }] } = await bundle.generate({ compact: true });
  await bundle.close();
  return text;
}

/** Every kind of function, some used above their place. */
const PROGRAM = `
const said = [];
say(twice(1));
function say(value) { said.push(label(value)); function label(of) { return "<" + of + ">"; } }
function twice(n) { return times(n, 2); }
function times(a, b) { { function inner() { return a * b; } return inner(); } }
const later = async (n) => { await null; return n; };
const object = { get one() { return 1; }, two() { return super.toString === undefined ? 0 : 2; }, three: () => 3,
  four: function () { return 4; } };
class Thing { #hidden = () => 5; six = function () { return 6; }; five() { return this.#hidden(); } static seven() { return 7; } }
say([object.one, object.two(), object.three(), object.four()].map((n) => n * 2).join());
say([new Thing().five(), new Thing().six(), Thing.seven()].join());
say(say.name + twice.name + object.three.name + object.four.name + new Thing().six.name);
later(8).then(say).then(() => globalThis.told = said.join(" "));
`;

Deno.test("eagerFunctions() changes nothing that a program does", async () => {
  const text = await rewrite(PROGRAM);
  const told = async (code: string) => {
    await import(`data:application/javascript,${encodeURIComponent(code)}`);
    await new Promise((resolve) => setTimeout(resolve));
    return Reflect.get(globalThis, "told");
  };
  const before = await told(PROGRAM);
  assert.match(before, /^<2> <2,4,6,8> <5,6,7> <saytwicethreefoursix> <8>$/);
  assert.equal(await told(`${text}\n// another file to the runtime`), before);
  Reflect.deleteProperty(globalThis, "told");
});

Deno.test("eagerFunctions() puts functions in parentheses at any depth", async () => {
  const text = await rewrite(
    "function a(){return b();function b(){return()=>[1].map((n)=>n)}}export const c=async()=>a;export{a};",
  );
  assert.match(text, /^var a=\(function a\(\)\{var b=\(function b\(\)\{/);
  assert.match(text, /return\s*\(\(\)=>\[1\]\.map\(\(\(n\)=>n\)\)\)/);
  // V8 looks at no parenthesis before an arrow function that is async.
  assert.match(text, /c=async\(\)=>a/);
});
