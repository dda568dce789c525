/** OpenFeature's own SDK, from npm under Node, with the provider of the packed flags library. */

import assert from "node:assert/strict";
import { installPacked, runIn } from "#tests/support/node_project.ts";
import { ignoredFor, node } from "#tests/support/script_runtimes.ts";
import { tempDir } from "#tests/support/temp_dir.ts";
import { buildNpmPackages } from "../../tools/build_npm.ts";

const PROGRAM = `
import { FlagSet, MemorySource, openFeatureProvider, setup } from "@kcfg/flags";
import { OpenFeature, ProviderEvents } from "@openfeature/server-sdk";

const flags = new FlagSet();
flags.bool("enabled", false);
flags.int("limit", 7);
flags.json("theme", { color: "blue" });
const source = new MemorySource({ enabled: "true" });
await setup(flags, source);

await OpenFeature.setProviderAndWait(openFeatureProvider(flags));
const client = OpenFeature.getClient();
const changed = new Promise((resolve) =>
  client.addHandler(ProviderEvents.ConfigurationChanged, ({ flagsChanged }) => resolve(flagsChanged))
);
const before = await client.getNumberValue("limit", 0);
source.replace({ enabled: "true", limit: "9" });
console.log(JSON.stringify({
  before,
  changed: await changed,
  after: await client.getNumberValue("limit", 0),
  enabled: await client.getBooleanDetails("enabled", false),
  theme: await client.getObjectValue("theme", {}),
  missing: (await client.getStringDetails("missing", "fallback")).errorCode,
}));
await OpenFeature.close();
process.exit(0);
`;

const { unavailable } = await node();

Deno.test({
  name: `OpenFeature's SDK reads a set of flags and hears of changes${ignoredFor(unavailable)}`,
  ignore: unavailable !== undefined,
  async fn() {
    await using dir = await tempDir();
    const [folder = ""] = await buildNpmPackages(`${dir.path}/built`);
    await installPacked(dir.path, folder, "@openfeature/server-sdk@1.23.0");
    await dir.write("program.js", PROGRAM);
    const { enabled, ...answer } = JSON.parse(await runIn(dir.path, "node", "program.js"));
    assert.deepEqual(answer, {
      before: 7,
      changed: ["limit"],
      after: 9,
      theme: { color: "blue" },
      missing: "FLAG_NOT_FOUND",
    });
    assert.deepEqual([enabled.value, enabled.reason, enabled.variant], [true, "STATIC", "current"]);
  },
});
