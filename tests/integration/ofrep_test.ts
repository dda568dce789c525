/** OpenFeature's own SDK and OFREP provider, from npm under Node, evaluate flags of `kcfg flags-watch --ofrep`. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { runIn } from "#tests/support/node_project.ts";
import { startKcfg } from "#tests/support/process.ts";
import { ignoredFor, node } from "#tests/support/script_runtimes.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const PACKAGES = [
  "@openfeature/server-sdk@1.23.0",
  "@openfeature/ofrep-core@0.1.4",
  "@openfeature/ofrep-provider@0.1.3",
];

const SCHEMA = JSON.stringify({
  flags: {
    enabled: { type: "bool", default: true },
    limit: { type: "int", default: 7 },
    mode: { type: "string", default: "calm" },
    theme: { type: "json", default: { color: "blue" } },
  },
});

const PROGRAM = `
import { OpenFeature } from "@openfeature/server-sdk";
import { OFREPProvider } from "@openfeature/ofrep-provider";

await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: process.argv[2] }));
const client = OpenFeature.getClient();
const context = { targetingKey: "somebody" };
const missing = await client.getStringDetails("missing", "fallback", context);
console.log(JSON.stringify({
  enabled: await client.getBooleanValue("enabled", false, context),
  limit: await client.getNumberValue("limit", 0, context),
  mode: await client.getStringValue("mode", "", context),
  theme: await client.getObjectValue("theme", {}, context),
  reason: (await client.getNumberDetails("limit", 0, context)).reason,
  missing: [missing.value, missing.errorCode],
  mistyped: (await client.getBooleanDetails("mode", false, context)).errorCode,
}));
await OpenFeature.close();
`;

const { unavailable } = await node();

Deno.test({
  name: `OpenFeature's SDK reads flags over OFREP${ignoredFor(unavailable)}`,
  ignore: unavailable !== undefined,
  async fn() {
    await using dir = await tempDir();
    await dir.write("package.json", '{ "type": "module", "private": true }');
    await runIn(dir.path, "npm", "install", "--no-audit", "--no-fund", ...PACKAGES);
    await dir.write("program.js", PROGRAM);
    const schema = await dir.write("schema.json", SCHEMA);
    const config = `${dir.path}/config`;
    await dir.write("config/limit", "9");
    await using kcfg = startKcfg([
      ...["flags-watch", "--ofrep", "--schema", schema, "--config-dir", config],
      "--config-port=127.0.0.1:0",
    ]);
    const line = await eventually("it is ready", () => kcfg.logLine("ready"));
    const answer = await runIn(dir.path, "node", "program.js", `http://${line["listen"]}`);
    assert.deepEqual(JSON.parse(answer), {
      enabled: true,
      limit: 9,
      mode: "calm",
      theme: { color: "blue" },
      reason: "STATIC",
      missing: ["fallback", "FLAG_NOT_FOUND"],
      mistyped: "TYPE_MISMATCH",
    });
  },
});
