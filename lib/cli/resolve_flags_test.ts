/** Precedence of flag sources and what happens to malformed ones. */

import assert from "node:assert/strict";
import { durationFlag, numberFlag, textFlag, unavailableFlag } from "./flag.ts";
import { resolveFlags, variablesOf } from "./resolve_flags.ts";
import { UsageError } from "./usage_error.ts";

const TABLE = {
  ttl: durationFlag({ brief: "", category: "", default: "0", env: ["TTL"] }),
  "cache-bytes": numberFlag({
    brief: "",
    category: "",
    default: "64",
    min: 1,
    max: 1000,
    env: ["CACHE_BYTES", "OLD_BYTES"],
  }),
  query: textFlag({ brief: "", category: "", default: "all", env: ["QUERY"], emptyEnv: true }),
  url: textFlag({ brief: "", category: "", default: "", env: ["URL"], sensitive: "url" }),
  token: textFlag({ brief: "", category: "", default: "", sensitive: "secret" }),
  peers: unavailableFlag("the ring", { env: ["PEERS"], offTexts: ["none"] }),
};

function resolve(
  { flags = {}, env = {}, file = {}, lenientEnv = false }: {
    flags?: Record<string, string>;
    env?: Record<string, string>;
    file?: Record<string, string>;
    lenientEnv?: boolean;
  },
) {
  return resolveFlags(TABLE, { flags, env, file, command: "serve-config", lenientEnv });
}

Deno.test("resolveFlags() prefers flag, then environment, then file, then default", () => {
  const all = { flags: { ttl: "1s" }, env: { TTL: "2s" }, file: { ttl: "3s" } };
  assert.equal(resolve(all).values.ttl, 1000);
  assert.equal(resolve({ ...all, flags: {} }).values.ttl, 2000);
  assert.equal(resolve({ file: all.file }).values.ttl, 3000);
  assert.equal(resolve({}).values.ttl, 0);
  assert.deepEqual(
    [all, { ...all, flags: {} }, { file: all.file }, {}].map((case_) => resolve(case_).sources.ttl),
    ["flag", "environment", "file", "default"],
  );
});

Deno.test("resolveFlags() takes kcfg's own variable before inherited ones, and those in order", () => {
  const env = { KCFG_SERVE_CONFIG_CACHE_BYTES: "1", CACHE_BYTES: "2", OLD_BYTES: "3" };
  assert.equal(resolve({ env }).values["cache-bytes"], 1);
  assert.equal(resolve({ env: { CACHE_BYTES: "2", OLD_BYTES: "3" } }).values["cache-bytes"], 2);
  assert.equal(resolve({ env: { OLD_BYTES: "3" } }).values["cache-bytes"], 3);
  assert.deepEqual(variablesOf("serve-config", "cache-bytes", TABLE), Object.keys(env));
});

Deno.test("resolveFlags() counts an empty variable as unset unless the flag takes it", () => {
  const { values } = resolve({ env: { TTL: "", QUERY: "" } });
  assert.equal(values.ttl, 0);
  assert.equal(values.query, "");
});

Deno.test("resolveFlags() rejects a malformed flag, naming it", () => {
  assert.throws(
    () => resolve({ flags: { "cache-bytes": "many" }, lenientEnv: true }),
    new UsageError('Flag --cache-bytes: "many" is not a whole number'),
  );
  assert.throws(() => resolve({ flags: { "cache-bytes": "1001" } }), /is not between 1 and 1000/);
});

Deno.test("resolveFlags() rejects a malformed variable, or reports it when asked to be lenient", () => {
  const env = { CACHE_BYTES: "many" };
  assert.throws(() => resolve({ env }), /^UsageError: Variable CACHE_BYTES: "many" is not/);
  const { values, problems, sources } = resolve({ env, lenientEnv: true });
  assert.equal(values["cache-bytes"], 64);
  assert.equal(sources["cache-bytes"], "default");
  assert.deepEqual(problems, [{
    flag: "cache-bytes",
    variable: "CACHE_BYTES",
    reason: '"many" is not a whole number',
  }]);
});

Deno.test("resolveFlags() refuses a feature that is not there, and accepts what keeps it off", () => {
  assert.throws(
    () => resolve({ env: { PEERS: "a" } }),
    /the ring is not available in this version/,
  );
  assert.throws(() => resolve({ flags: { peers: "a" } }), UsageError);
  assert.equal(resolve({ flags: { peers: "none" } }).values.peers, undefined);
});

Deno.test("resolveFlags() masks passwords and secrets in the texts for logs", () => {
  const { texts } = resolve({
    flags: { url: "amqp://user:p@ss/w@host/x", token: "abc", ttl: "5s" },
  });
  assert.deepEqual([texts.url, texts.token, texts.ttl], ["amqp://user:***@host/x", "***", "5s"]);
});
