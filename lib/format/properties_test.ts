/** Properties as Spring Boot reads them. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { parseProperties, stringifyProperties } from "./properties.ts";

const ONE_DOCUMENT: readonly (readonly [what: string, text: string, pairs: [string, string][]])[] =
  [
    ["equals sign", "a=b", [["a", "b"]]],
    ["colon", "a:b", [["a", "b"]]],
    ["blank", "a b", [["a", "b"]]],
    ["separators with blanks", "a \t=  b\nc : d\ne\tf", [["a", "b"], ["c", "d"], ["e", "f"]]],
    ["only one separator is taken", "a==b\nc=:d\ne : = f", [["a", "=b"], ["c", ":d"], [
      "e",
      "= f",
    ]]],
    ["later separators belong to the value", "a b=c:d", [["a", "b=c:d"]]],
    ["key alone", "a\nb=\nc:", [["a", ""], ["b", ""], ["c", ""]]],
    ["no key", "=x\n:y\n\n   \n", []],
    ["escaped separators in the key", "a\\=b\\:c\\ d=e", [["a=b:c d", "e"]]],
    ["comments", "# x\n ! y\na=b # no comment\n#c=d", [["a", "b # no comment"]]],
    ["continuation", "a=b,\\\n   c,\\\n\td", [["a", "b,c,d"]]],
    ["continuation is no comment", "a=b\\\n#c", [["a", "b#c"]]],
    ["continuation of the key", "a\\\n  b=c", [["ab", "c"]]],
    ["escaped backslash does not continue", "a=b\\\\\nc=d", [["a", "b\\"], ["c", "d"]]],
    ["three backslashes continue", "a=b\\\\\\\nc=d", [["a", "b\\c=d"]]],
    ["backslash at the end of the text", "a=b\\", [["a", "b"]]],
    ["a comment does not continue", "#a\\\nb=c", [["b", "c"]]],
    ["escapes", "a=x\\ty\\nz\\rw\\fv\\\\u\\q", [["a", "x\ty\nz\rw\fv\\uq"]]],
    ["unicode escapes", "a=\\u00e9\\uD83D\\uDE00\\u0041", [["a", "\u00e9\u{1F600}A"]]],
    ["UTF-8 as it stands", "schl\u00fcssel=w\u00e9rt", [["schl\u00fcssel", "w\u00e9rt"]]],
    ["values keep blanks at their end", "a=  b  \t\nc=\\ d\\t", [["a", "b  \t"], ["c", " d\t"]]],
    ["keys are trimmed, escaped blanks included", "\\ a\\t = b", [["a", "b"]]],
    ["line ends of all kinds", "a=1\r\nb=2\rc=3\n", [["a", "1"], ["b", "2"], ["c", "3"]]],
    ["last value, first place", "a=1\nb=2\na=3", [["a", "3"], ["b", "2"]]],
    ["lists", "a[]=x, y ,z\\,w", [["a[0]", "x"], ["a[1]", "y "], ["a[2]", "z,w"]]],
    ["list of one and of none", "a[]=x\nb[]=", [["a[0]", "x"], ["b[0]", ""]]],
    ["list with a gap", "a[]=x,,y", [["a[0]", "x"], ["a[1]", ""], ["a[2]", "y"]]],
    ["list with a comma at its end", "a[]=x,\nb[]=x, ", [["a[0]", "x"], ["b[0]", "x"], [
      "b[1]",
      "",
    ]]],
    ["byte order mark", "\uFEFFa=b", [["a", "b"]]],
    ["names of the prototype", "__proto__=x\nconstructor=y", [["__proto__", "x"], [
      "constructor",
      "y",
    ]]],
  ];

Deno.test("parseProperties() reads one document", async (t) => {
  for (const [what, text, pairs] of ONE_DOCUMENT) {
    await t.step(what, () => {
      assert.deepEqual([...parseProperties(text)[0] ?? []], pairs);
    });
  }
});

const DOCUMENTS: readonly (readonly [what: string, text: string, documents: string[]])[] = [
  ["separator", "a=1\n#---\nb=2", ["a=1", "b=2"]],
  ["other mark", "a=1\n!---\nb=2", ["a=1", "b=2"]],
  ["trailing blanks", "a=1\n#---  \t\nb=2", ["a=1", "b=2"]],
  ["empty documents are left out", "#---\na=1\n#---\n\n#---\nb=2\n#---\n", ["a=1", "b=2"]],
  ["leading blank makes it a comment", "a=1\n #---\nb=2", ["a=1;b=2"]],
  ["two and four hyphens make it a comment", "a=1\n#--\n#----\nb=2", ["a=1;b=2"]],
  ["more text makes it a comment", "a=1\n#---x\nb=2", ["a=1;b=2"]],
  ["same mark on the line before", "a=1\n# x\n#---\nb=2", ["a=1;b=2"]],
  ["other mark on the line before", "a=1\n! x\n#---\nb=2", ["a=1", "b=2"]],
  ["comment on the line after", "a=1\n#---\n# x\nb=2", ["a=1;b=2"]],
  ["blank line between comment and separator", "a=1\n# x\n\n#---\nb=2", ["a=1", "b=2"]],
  ["separator inside a continuation is text", "a=1\\\n#---\nb=2", ["a=1#---;b=2"]],
];

Deno.test("parseProperties() separates documents", async (t) => {
  for (const [what, text, documents] of DOCUMENTS) {
    await t.step(what, () => {
      const found = parseProperties(text)
        .map((document) => [...document].map((pair) => pair.join("=")).join(";"));
      assert.deepEqual(found, documents);
    });
  }
});

Deno.test("parseProperties() names the line of a malformed escape", () => {
  assert.throws(() => parseProperties("a=1\nb=\\u12g4"), {
    name: "SyntaxError",
    message: "Cannot parse properties: malformed \\uXXXX on line 2",
  });
});

Deno.test("stringifyProperties() escapes what would read differently", () => {
  const text = stringifyProperties([["a b:c=d#e", " x\ty\\z\n"], ["plain", "a=b # c"]]);
  assert.equal(text, "a\\ b\\:c\\=d\\#e=\\ x\\ty\\\\z\\n\nplain=a=b # c\n");
  assert.equal(stringifyProperties([]), "");
});

Deno.test("parseProperties() reads back what stringifyProperties() wrote", () => {
  const value = fc.string({ unit: "binary" });
  const key = value.map((text) => text.replace(/^[\0-\x20\uFEFF]+|[\0-\x20]+$/g, ""))
    .filter((text) => text !== "" && !text.endsWith("[]"));
  const unique = fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name });
  fc.assert(fc.property(unique, (pairs) => {
    const [document = new Map()] = parseProperties(stringifyProperties(pairs));
    assert.deepEqual([...document], pairs);
  }));
});

Deno.test("parseProperties() reads any text or throws a SyntaxError", () => {
  const text = fc.string({ unit: fc.constantFrom(..."ab=: \\\n\r#!-u0[],\t") });
  fc.assert(fc.property(text, (input) => {
    try {
      parseProperties(input);
    } catch (err) {
      assert.ok(err instanceof SyntaxError);
    }
  }));
});
