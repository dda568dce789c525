/** The provider for OpenFeature: evaluations by type, events of changes. The SDK itself: tests/integration. */

import assert from "node:assert/strict";
import { FlagSet } from "./flag_set.ts";
import { openFeatureProvider } from "./open_feature.ts";

function setUp() {
  const flags = new FlagSet();
  flags.bool("on", Boolean("by default"));
  flags.int("limit", 7);
  flags.int64("big", 2n ** 60n);
  flags.duration("timeout", "90m");
  flags.stringSet("kinds", ["b", "a"]);
  flags.json("theme", { color: "blue" });
  flags.string("password", "hunter2", "", { secret: true });
  return { flags, provider: openFeatureProvider(flags) };
}

Deno.test("openFeatureProvider() evaluates flags by their types", async () => {
  const { flags, provider } = setUp();
  flags.set("limit", "9");
  assert.deepEqual(await provider.resolveNumberEvaluation("limit", 1), {
    value: 9,
    reason: "STATIC",
    variant: "current",
  });
  assert.deepEqual(await provider.resolveBooleanEvaluation("on", Boolean("")), {
    value: true,
    reason: "DEFAULT",
    variant: "default",
  });
  assert.equal((await provider.resolveStringEvaluation("timeout", "")).value, "1h30m");
  assert.equal((await provider.resolveStringEvaluation("password", "")).value, "hunter2");
  assert.deepEqual((await provider.resolveObjectEvaluation("kinds", [""])).value, ["a", "b"]);
  assert.deepEqual((await provider.resolveObjectEvaluation("theme", {})).value, { color: "blue" });
});

Deno.test("openFeatureProvider() answers the default for what it does not have", async () => {
  const { provider } = setUp();
  assert.deepEqual(await provider.resolveStringEvaluation("none", "mine"), {
    value: "mine",
    reason: "ERROR",
    errorCode: "FLAG_NOT_FOUND",
    errorMessage: 'flag "none" is not declared',
  });
  for (const name of ["on", "timeout", "kinds", "big"]) {
    const { value, errorCode } = await provider.resolveNumberEvaluation(name, 5);
    assert.deepEqual([value, errorCode], [5, "TYPE_MISMATCH"], name);
  }
});

Deno.test("openFeatureProvider() tells what changed, until it is closed", async () => {
  const { flags, provider } = setUp();
  const told: unknown[] = [];
  const handler = (details: unknown) => told.push(details);
  provider.events.addHandler("PROVIDER_CONFIGURATION_CHANGED", handler);
  provider.events.addHandler("PROVIDER_READY", () => assert.fail("it was ready"));
  flags.apply([["limit", { raw: "8" }], ["big", { raw: "1" }], ["on", { raw: "no" }]], {
    source: "config",
  });
  flags.set("limit", "8");
  assert.deepEqual(told, [{ flagsChanged: ["big", "limit"] }]);
  provider.events.removeHandler("PROVIDER_CONFIGURATION_CHANGED", handler);
  flags.set("limit", "9");
  provider.events.addHandler("PROVIDER_CONFIGURATION_CHANGED", handler);
  await provider.onClose();
  flags.set("limit", "10");
  assert.equal(told.length, 1);
});
