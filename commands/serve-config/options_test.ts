/** The flag table against the specification, and what options refuse. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { FlagTable } from "#lib/cli/flag.ts";
import { resolveFlags } from "#lib/cli/resolve_flags.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import { FLAGS, toOptions } from "./options.ts";

function options(flags: Record<string, string> = {}, env: Record<string, string> = {}) {
  const inputs = { flags, env, command: "serve-config", lenientEnv: true };
  return toOptions(resolveFlags(FLAGS, inputs), env);
}

// serve-config.md 2.1 and 2.2: flag, variables, default; null where the feature is not there yet.
const TABLE: [string, string[], string | null | undefined][] = [
  ["listen-addr", ["LISTEN_ADDR"], ":8080"],
  ["backend", ["BACKEND"], "dir:samples"],
  ["backend-options", ["BACKEND_OPTIONS"], ""],
  ["ttl", ["TTL"], "0"],
  ["cache", ["CACHE"], "true"],
  ["groupcache-port", ["GROUPCACHE_PORT"], null],
  ["health-addr", ["HEALTH_ADDR"], ":8888"],
  ["health-path", ["HEALTH_PATH"], "/health"],
  ["metrics-addr", ["METRICS_ADDR"], ":3000"],
  ["metrics-path", ["METRICS_PATH"], "/metrics"],
  ["refresh", ["REFRESH"], "true"],
  ["amqp-url", ["AMQP_URL"], undefined],
  ["jaeger-url", ["JAEGER_URL"], undefined],
  ["debug", ["DEBUG"], null],
  ["api", ["API"], undefined],
  ["cache-bytes", ["CACHE_BYTES", "GROUPCACHE_SIZE_BYTES"], "67108864"],
  ["max-object-bytes", ["MAX_OBJECT_BYTES"], "8388608"],
  ["backend-timeout", ["BACKEND_TIMEOUT"], "30s"],
  ["error-ttl", ["CACHE_ERROR_TTL"], null],
  ["stale-if-error", ["STALE_IF_ERROR"], "1h"],
  ["stale-while-revalidate", ["STALE_WHILE_REVALIDATE"], "0"],
  ["ttl-jitter", ["TTL_JITTER"], "0"],
  ["hot-cache", ["HOT_CACHE"], null],
  ["forward-query", ["FORWARD_QUERY"], null],
  ["forward-headers", ["FORWARD_HEADERS"], null],
  ["peer-discovery", ["PEER_DISCOVERY"], null],
  ["peers", ["PEERS"], null],
  ["peer-label-selector", ["PEER_LABEL_SELECTOR", "KUBEGROUP_LABEL_SELECTOR"], null],
  ["peer-debounce", ["PEER_DEBOUNCE"], null],
  ["peer-timeout", ["PEER_TIMEOUT"], null],
  ["peer-secret-file", ["PEER_SECRET_FILE"], null],
  ["ring", ["RING"], null],
  ["amqp-exchange", ["AMQP_EXCHANGE"], null],
  ["amqp-queue-prefix", ["AMQP_QUEUE_PREFIX"], null],
  ["amqp-on-subscribe", ["AMQP_ON_SUBSCRIBE"], null],
  ["monitor-path", ["MONITOR_PATH"], null],
  ["monitor-secret-file", ["MONITOR_SECRET_FILE"], null],
  ["auth", ["AUTH"], null],
  ["tls-cert-file", ["TLS_CERT_FILE"], null],
  ["tls-key-file", ["TLS_KEY_FILE"], null],
  ["tls-client-ca-file", ["TLS_CLIENT_CA_FILE"], null],
  ["metrics-uri-limit", ["METRICS_URI_LIMIT"], "500"],
  ["shutdown-delay", ["SHUTDOWN_DELAY"], "0s"],
  ["shutdown-timeout", ["SHUTDOWN_TIMEOUT"], "5s"],
  ["strict-env", ["STRICT_ENV"], "false"],
  ["log-format", ["LOG_FORMAT"], "text"],
  ["log-level", ["LOG_LEVEL"], "info"],
];

Deno.test("FLAGS has every name, variable and default of the specification", async (t) => {
  const flags: FlagTable = FLAGS;
  for (const [name, env, value] of TABLE) {
    await t.step(name, () => {
      assert.deepEqual(flags[name]?.env, env);
      assert.equal(flags[name]?.unavailable !== undefined, value === null);
      if (value !== null) assert.equal(flags[name]?.default, value);
    });
  }
});

Deno.test("toOptions() gives the specified defaults", () => {
  const { shown: _, kube: _kube, ...checked } = options();
  assert.deepEqual(checked, {
    backend: { kind: "dir", directory: "samples" },
    backendOptions: {
      flatten: false,
      searchPaths: [""],
      labelDirs: true,
      acceptEmpty: true,
      configMaps: true,
      secrets: false,
      selector: "",
      annotationOptIn: false,
    },
    api: "raw",
    rbac: undefined,
    backendTimeoutMs: 30_000,
    clientCacheControl: "no-cache",
    listen: { hostname: undefined, port: 8080 },
    health: { hostname: undefined, port: 8888, path: "/health" },
    metrics: { hostname: undefined, port: 3000, path: "/metrics", uriLimit: 500 },
    cache: {
      enabled: true,
      ttlMs: undefined,
      ttlJitter: 0,
      budgetBytes: 67_108_864,
      staleIfErrorMs: 3_600_000,
      staleWhileRevalidateMs: 0,
    },
    maxObjectBytes: 8_388_608,
    maxInflight: 1024,
    maxBackendInflight: 64,
    shutdownDelayMs: 0,
    shutdownTimeoutMs: 5000,
    log: { level: "info", format: "text" },
    problems: [],
    notices: ["refresh events of a message bus are not available in this version"],
  });
});

Deno.test("toOptions() turns flattening on for the word anywhere in the options", () => {
  assert.ok(options({ "backend-options": "x,flattened" }).backendOptions.flatten);
  assert.ok(!options({ "backend-options": "flat" }).backendOptions.flatten);
});

Deno.test("toOptions() serves the namespaces of kube: by Spring's interface", () => {
  const { backend, api, backendOptions } = options({
    backend: "kube:team-a, team-b,team-a",
    "backend-options": "secrets=true selector=app%3Dx%2Ctier%3Dweb,configmaps=false",
  });
  assert.deepEqual(backend, { kind: "kube", namespaces: ["team-a", "team-b"] });
  assert.equal(api, "spring");
  assert.equal(backendOptions.selector, "app=x,tier=web");
  assert.ok(backendOptions.secrets && !backendOptions.configMaps);
  assert.deepEqual(options({ backend: "kube:" }).backend, { kind: "kube", namespaces: [] });
});

Deno.test("toOptions() refuses options of a backend that it does not know or that lead out", async (t) => {
  const cases: [Record<string, string>, RegExp][] = [
    [{ backend: "kube:Team" }, /"Team" is no name of a namespace/],
    [{ backend: "kube:a", "backend-options": "secret=true" }, /"secret" is not known/],
    [{ backend: "kube:a", "backend-options": "secrets=yes" }, /neither true nor false/],
    [{ backend: "kube:a", "backend-options": "selector=%" }, /not percent-encoded/],
    [{ api: "spring", "backend-options": "search-paths=a;../b" }, /must not contain/],
    [{ api: "spring", backend: "http://x" }, /needs a backend of files/],
  ];
  for (const [flags, message] of cases) {
    await t.step(JSON.stringify(flags), () => {
      assert.throws(() => options(flags), { name: "UsageError", message });
    });
  }
});

Deno.test("toOptions() uses the default for a malformed variable and reports it", () => {
  const { cache, problems } = options({}, { TTL: "300" });
  assert.equal(cache.ttlMs, undefined);
  assert.equal(problems[0]?.variable, "TTL");
});

Deno.test("toOptions() refuses a malformed variable with --strict-env", () => {
  assert.throws(
    () => options({ "strict-env": "true" }, { TTL: "300" }),
    /^UsageError: Variable TTL/,
  );
});

Deno.test("toOptions() refuses what is not there yet, naming it", async (t) => {
  const cases: [Record<string, string>, Record<string, string>, RegExp][] = [
    [{ backend: "git:x" }, {}, /git: is not available/],
    [{ backend: "nothing" }, {}, /has no scheme/],
    [{ backend: "dir:" }, {}, /needs a path/],
    [{ api: "x" }, {}, /not one of raw/],
    [{ refresh: "true" }, {}, /Option refresh: .* not available/],
    [{}, { AMQP_URL: "amqp://x" }, /Option amqp-url: .* not available/],
    [{}, { PEERS: "http://x:5000" }, /the ring of replicas is not available/],
    [{}, { SECRET_ROLE_ARN: "arn" }, /SECRET_ROLE_ARN/],
    [{}, { OTELCONFIG_EXPORTER: "http" }, /OTELCONFIG_EXPORTER: tracing/],
    [{}, { BACKEND: "#http::GET,http,h,/p,,t" }, /BACKEND: secret references/],
    [{}, { AMQP_URL: "aws-secretsmanager:eu:name:field" }, /AMQP_URL: secret references/],
  ];
  for (const [flags, env, message] of cases) {
    await t.step(JSON.stringify({ ...flags, ...env }), () => {
      assert.throws(() => options(flags, env), message);
    });
  }
});

Deno.test("toOptions() accepts what keeps a missing feature off", () => {
  const env = {
    REFRESH: "false",
    AMQP_URL: "amqp://u:p@h",
    DEBUG: "false",
    HOT_CACHE: "off",
    STALE_IF_ERROR: "0",
    FORWARD_QUERY: "",
    MONITOR_PATH: "",
    AUTH: "none",
    PEER_DISCOVERY: "none",
    OTEL_TRACES_EXPORTER: "none",
  };
  assert.deepEqual(options({}, env).notices, []);
});

Deno.test("toOptions() shows every option for the log, without passwords", () => {
  const env = { REFRESH: "false", AMQP_URL: "amqp://u:hunter2@h" };
  const { shown, notices } = options({ "jaeger-url": "http://j" }, env);
  assert.ok(shown.includes("amqp-url=amqp://u:***@h"));
  assert.ok(shown.includes("ttl=0"));
  assert.deepEqual(notices, ["jaeger-url is accepted and not used"]);
});

Deno.test("toOptions() answers any settings with options or a usage error", () => {
  const name = fc.constantFrom(...Object.keys(FLAGS));
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      "0",
      "-1",
      "1e9",
      "true",
      "1h",
      "9999999999999999999h",
      ":0",
      "[::]:1",
      "dir:x",
      "/",
    ),
  );
  const settings = fc.dictionary(name, text, { maxKeys: 4 });
  fc.assert(
    fc.property(settings, settings, (flags, byName) => {
      const env = Object.fromEntries(
        Object.entries(byName).map((
          [key, value],
        ) => [key.toUpperCase().replaceAll("-", "_"), value]),
      );
      try {
        options(flags, env);
      } catch (error) {
        assert.ok(error instanceof UsageError, String(error));
      }
    }),
    { numRuns: 10_000 },
  );
});
