/** Our flags against recorded answers of the Go library: canonical texts, refusals, checks, checksums. */

import assert from "node:assert/strict";
import {
  type AnyValue,
  dyn,
  FlagSet,
  listFlags,
  setFlag,
  validateMinElements,
  validateRange,
} from "#lib/flags/mod.ts";
import vectors from "./vectors.json" with { type: "json" };

const OFF = false;

/** A value of each type. Its raw input is what counts, so the defaults are empty. */
const MAKERS: Readonly<Record<string, () => AnyValue>> = {
  "bool": () => dyn.bool(OFF),
  "int64": () => dyn.int64(0n),
  "float": () => dyn.float(0),
  "string": () => dyn.string(""),
  "duration": () => dyn.duration("0s"),
  "string-slice": () => dyn.stringSlice([]),
  "string-set": () => dyn.stringSet([]),
  "binary": () => dyn.binary(new Uint8Array()),
  "json": () => dyn.json({}),
};

// Type and raw text → our answer, where it is meant to differ (docs/compat/dflag.md).
const DIFFERENT: Readonly<Record<string, string>> = {
  "duration +0": "0s",
  "json {}": "{}",
};

Deno.test("flags print and refuse as the Go library does", async (t) => {
  for (const { type, raw, ok, canonical = "", error } of vectors.values) {
    await t.step(`${type} ${JSON.stringify(raw)}`, () => {
      const value = MAKERS[type]?.();
      assert.ok(value, `no maker of ${type}`);
      const different = DIFFERENT[`${type} ${raw}`];
      if (ok || different !== undefined) {
        value.set(raw);
        assert.equal(value.toString(), different ?? canonical);
        return;
      }
      // Errors of the JSON parser have texts of their own.
      const message = type === "json" ? /./ : error;
      assert.throws(() => value.set(raw), { name: "FlagError", message });
    });
  }
});

Deno.test("validators refuse in the words of the Go library", async (t) => {
  for (const { type, validator, raw, error } of vectors.validators) {
    await t.step(`${type} ${validator}: ${JSON.stringify(raw)}`, () => {
      const value = validated(type);
      if (error === undefined) value.set(raw);
      else assert.throws(() => value.set(raw), { name: "FlagError", message: error });
    });
  }
});

Deno.test("checksums equal those of the Go library", async (t) => {
  for (const { flags, checksum } of vectors.checksums) {
    await t.step(checksum, () => {
      const set = new FlagSet();
      for (const { name, value } of flags) set.string(name, value);
      assert.equal(set.checksum(), checksum);
    });
  }
});

Deno.test("listing and setting answer as the Go library does", async (t) => {
  for (const { method, target, accept, setUrl, status, body } of vectors.exchanges) {
    await t.step(`${method} ${target} ${accept} ${setUrl}`, async () => {
      const flags = new FlagSet();
      flags.int64("some_int", 1n, "an example");
      flags.set("some_int", "5");
      flags.json("a_json", [{ k: "<v>" }], "json <usage> & more");
      flags.string("empty", "", "empty one");
      flags.static.int("static_int", 1337, "a static one");
      const request = new Request(`http://localhost${target}`, { method, headers: { accept } });
      const response = target.startsWith("/set")
        ? await setFlag(flags, request, { setUrl })
        : listFlags(flags, request, { setUrl });
      assert.equal(await response.text(), body);
      assert.equal(response.status, status);
    });
  }
});

function validated(type: string): AnyValue {
  const second = dyn.duration("1s").value;
  const hour = dyn.duration("1h").value;
  const values: Readonly<Record<string, AnyValue>> = {
    "int64": dyn.int64(5n).withValidator(validateRange(1n, 10n)),
    "float": dyn.float(1).withValidator(validateRange(0.25, 1.5)),
    "duration": dyn.duration("1s").withValidator(validateRange(second, hour)),
    "string": dyn.string("c").withValidator(validateRange("b", "n")),
    "string-slice": dyn.stringSlice(["x", "y"]).withValidator(validateMinElements(2)),
    "string-set": dyn.stringSet(["x", "y"]).withValidator(validateMinElements(2)),
  };
  const value = values[type];
  assert.ok(value, `no value of ${type}`);
  return value;
}
