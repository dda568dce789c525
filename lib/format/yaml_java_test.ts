/** YAML as Java programs read and print it. */

import assert from "node:assert/strict";
import { JavaDouble, javaDoubleText } from "./java_double.ts";
import { parseJavaYaml, stringifyJavaYaml } from "./yaml_java.ts";
import { yamlPlaces } from "./yaml_places.ts";

function valueOf(text: string): unknown {
  const [document] = parseJavaYaml(`k: ${text}`);
  const value = document instanceof Map ? document.get("k") : undefined;
  return value instanceof JavaDouble ? String(value) : value;
}

Deno.test("parseJavaYaml() resolves scalars as YAML 1.1", async (t) => {
  const cases: Record<string, unknown> = {
    "yes": true,
    "Off": false,
    "y": "y",
    "010": 8,
    "08": "08",
    "0x1F": 31,
    "0b101": 5,
    "1:30": 90,
    "1_000": 1000,
    "-12": -12,
    "12345678901234567890": 12345678901234567890n,
    "1.0": "1.0",
    "1e3": "1000.0",
    ".5": "0.5",
    "1:30.5": "90.5",
    "-.inf": "-Infinity",
    "2001-01-01": "2001-01-01",
    "~": null,
    '"1"': "1",
  };
  for (const [text, expected] of Object.entries(cases)) {
    await t.step(text, () => assert.equal(valueOf(text), expected));
  }
});

Deno.test("javaDoubleText() prints as Double.toString", async (t) => {
  const cases: [number, string][] = [
    [0, "0.0"],
    [-0, "-0.0"],
    [1, "1.0"],
    [0.001, "0.001"],
    [0.0001, "1.0E-4"],
    [1e7, "1.0E7"],
    [9999999, "9999999.0"],
    [3.4028235e38, "3.4028235E38"],
    [-1.25e-10, "-1.25E-10"],
    [NaN, "NaN"],
  ];
  for (const [value, text] of cases) {
    await t.step(text, () => assert.equal(javaDoubleText(value), text));
  }
});

Deno.test("stringifyJavaYaml() quotes what would be read back as something else", () => {
  const texts = ["yes", "010", "08", "1:30", "1e3", "2001-01-01", "~", "x: y", "", "1.0"];
  const printed = stringifyJavaYaml(new Map(texts.map((text, index) => [`k${index}`, text])));
  const [read] = parseJavaYaml(printed);
  assert.deepEqual(read instanceof Map && [...read.values()], texts);
  assert.equal(printed.split("\n").filter((line) => line.includes("'")).length, texts.length);
  assert.equal(
    stringifyJavaYaml(new Map([["n", "y"], ["d", new JavaDouble(1) as unknown]])),
    "n: y\nd: 1.0\n",
  );
});

Deno.test("yamlPlaces() finds values, through quotes, blocks, anchors and merges", () => {
  const text =
    "a: 1\nb:\n  c: 'x'\n  d: |\n    text\nbase: &b {x: 1}\nm:\n  <<: *b\n  y: [2, *b]\n";
  const [document] = yamlPlaces(text);
  assert.ok(document?.kind === "map");
  const at = (...path: unknown[]) => {
    let node: typeof document | ReturnType<typeof yamlPlaces>[number] | undefined = document;
    for (const step of path) {
      node = node?.kind === "map"
        ? node.members.get(step)
        : node?.kind === "list"
        ? node.items[Number(step)]
        : undefined;
    }
    return node?.kind === "scalar" ? `${node.line}:${node.column}` : node?.kind;
  };
  assert.equal(at("a"), "1:4");
  assert.equal(at("b", "c"), "3:6");
  assert.equal(at("b", "d"), "4:6");
  assert.equal(at("m", "x"), "6:14");
  assert.equal(at("m", "y", 0), "9:7");
  assert.equal(at("m", "y", 1, "x"), "6:14");
});
