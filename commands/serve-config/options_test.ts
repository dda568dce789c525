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
  ["groupcache-port", ["GROUPCACHE_PORT"], ":5000"],
  // Beyond the specification.
  ["groupcache-host", ["GROUPCACHE_HOST"], ""],
  ["health-addr", ["HEALTH_ADDR"], ":8888"],
  ["health-path", ["HEALTH_PATH"], "/health"],
  ["metrics-addr", ["METRICS_ADDR"], ":3000"],
  ["metrics-path", ["METRICS_PATH"], "/metrics"],
  ["refresh", ["REFRESH"], "true"],
  ["amqp-url", ["AMQP_URL"], "amqp://guest:guest@rabbitmq:5672/"],
  ["jaeger-url", ["JAEGER_URL"], undefined],
  ["debug", ["DEBUG"], "true"],
  ["api", ["API"], undefined],
  ["cache-bytes", ["CACHE_BYTES", "GROUPCACHE_SIZE_BYTES"], "67108864"],
  ["max-object-bytes", ["MAX_OBJECT_BYTES"], "8388608"],
  ["backend-timeout", ["BACKEND_TIMEOUT"], "30s"],
  ["error-ttl", ["CACHE_ERROR_TTL"], "0"],
  ["stale-if-error", ["STALE_IF_ERROR"], "1h"],
  ["stale-while-revalidate", ["STALE_WHILE_REVALIDATE"], "0"],
  ["ttl-jitter", ["TTL_JITTER"], "0"],
  ["hot-cache", ["HOT_CACHE"], "always"],
  ["forward-query", ["FORWARD_QUERY"], "resolvePlaceholders,useDefaultLabel"],
  ["forward-headers", ["FORWARD_HEADERS"], ""],
  ["peer-discovery", ["PEER_DISCOVERY"], "auto"],
  ["peers", ["PEERS"], ""],
  ["peer-label-selector", ["PEER_LABEL_SELECTOR", "KUBEGROUP_LABEL_SELECTOR"], ""],
  ["peer-debounce", ["PEER_DEBOUNCE"], "500ms"],
  ["peer-timeout", ["PEER_TIMEOUT"], "10s"],
  ["peer-secret-file", ["PEER_SECRET_FILE"], ""],
  ["ring", ["RING"], "seed"],
  ["amqp-exchange", ["AMQP_EXCHANGE"], "springCloudBus"],
  ["amqp-queue-prefix", ["AMQP_QUEUE_PREFIX"], "config-event-queue"],
  ["amqp-on-subscribe", ["AMQP_ON_SUBSCRIBE"], "stale"],
  ["monitor-path", ["MONITOR_PATH"], "/monitor"],
  ["monitor-secret-file", ["MONITOR_SECRET_FILE"], ""],
  ["monitor-publish", ["MONITOR_PUBLISH"], "false"],
  ["auth", ["AUTH"], "none"],
  ["tls-cert-file", ["TLS_CERT_FILE"], ""],
  ["tls-key-file", ["TLS_KEY_FILE"], ""],
  ["tls-client-ca-file", ["TLS_CLIENT_CA_FILE"], ""],
  ["metrics-uri-limit", ["METRICS_URI_LIMIT"], "500"],
  // Beyond the specification.
  ["request-metrics", ["REQUEST_METRICS"], "true"],
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
      overrides: undefined,
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
    metrics: { hostname: undefined, port: 3000, path: "/metrics", uriLimit: 500, requests: true },
    cache: {
      enabled: true,
      ttlMs: undefined,
      ttlJitter: 0,
      budgetBytes: 67_108_864,
      errorTtlMs: 0,
      staleIfErrorMs: 3_600_000,
      staleWhileRevalidateMs: 0,
    },
    ring: {
      listen: { hostname: undefined, port: 5000 },
      kind: "seed",
      hot: "always",
      discovery: { kind: "none" },
      timeoutMs: 10_000,
      secretFile: undefined,
      podIp: undefined,
      hostname: undefined,
    },
    bus: {
      address: {
        tls: false,
        hostname: "rabbitmq",
        port: 5672,
        username: "guest",
        password: "guest",
        vhost: "/",
      },
      exchange: "springCloudBus",
      queuePrefix: "config-event-queue",
      onSubscribe: "stale",
      debug: true,
    },
    refresh: {
      monitorPath: "/monitor",
      monitorSecretFile: undefined,
      publishes: false,
      maxWaitMs: 60_000,
      admin: false,
    },
    auth: {
      methods: [],
      tokenFile: undefined,
      audience: "kcfg",
      authz: "none",
      tls: undefined,
    },
    forward: { query: ["resolvePlaceholders", "useDefaultLabel"], headers: [] },
    podName: undefined,
    tracing: undefined,
    keepContentType: false,
    legacyErrors: false,
    maxObjectBytes: 8_388_608,
    maxInflight: 1024,
    maxBackendInflight: 64,
    shutdownDelayMs: 0,
    shutdownTimeoutMs: 5000,
    log: { level: "info", format: "text" },
    problems: [],
    notices: [],
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
  ];
  for (const [flags, env, message] of cases) {
    await t.step(JSON.stringify({ ...flags, ...env }), () => {
      assert.throws(() => options(flags, env), message);
    });
  }
});

Deno.test("toOptions() refuses what contradicts or cannot be read", async (t) => {
  const cases: [Record<string, string>, Record<string, string>, RegExp][] = [
    [{ "amqp-url": "rabbitmq" }, {}, /Option amqp-url: .* form amqp:/],
    [{ peers: "10.0.0.1:5000" }, {}, /Option peers: .* form http:/],
    [{ peers: "http://10.0.0.1:5000/x" }, {}, /must be written http:/],
    [{ peers: "http://a:5000", "peer-discovery": "none" }, {}, /contradicts/],
    [{ "peer-discovery": "static" }, {}, /needs --peers/],
    [{ "groupcache-port": "0.0.0.0:5000" }, {}, /not of the form :PORT/],
    [{ auth: "bearer" }, {}, /needs --auth-token-file/],
    [{ auth: "x" }, {}, /not one of none, bearer, tokenreview, mtls/],
    [{ authz: "same-name" }, {}, /needs --auth=tokenreview or mtls/],
    [{ auth: "mtls" }, {}, /mtls needs --tls-client-ca-file/],
    [{ "tls-cert-file": "a" }, {}, /one needs the other/],
    [{ "tls-client-ca-file": "a" }, {}, /needs --tls-cert-file/],
    [{ "monitor-path": "x" }, {}, /not an absolute path/],
    [{ "monitor-publish": "true", refresh: "false" }, {}, /needs the bus/],
    [{ "monitor-publish": "true", "monitor-path": "" }, {}, /needs a --monitor-path/],
    [{ "forward-headers": "Host" }, {}, /belongs to the connection/],
    [{}, { OTELCONFIG_EXPORTER: "zipkin" }, /OTELCONFIG_EXPORTER: "zipkin"/],
    [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: "here" }, /not an http or https URL/],
  ];
  for (const [flags, env, message] of cases) {
    await t.step(JSON.stringify({ ...flags, ...env }), () => {
      try {
        options(flags, env);
        assert.fail("accepted");
      } catch (error) {
        assert.match(String(error), message);
      }
    });
  }
});

Deno.test("toOptions() binds the ring to one address when told to", () => {
  const { ring } = options({ "groupcache-host": "10.0.0.1", "groupcache-port": ":5001" });
  assert.deepEqual(ring.listen, { hostname: "10.0.0.1", port: 5001 });
});

Deno.test("toOptions() finds peers by the environment, or by what it is told", () => {
  const inCluster = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };
  assert.equal(options({}, inCluster).ring.discovery.kind, "kubernetes");
  assert.equal(options({ "peer-discovery": "none" }, inCluster).ring.discovery.kind, "none");
  assert.equal(options({ "peer-discovery": "kubernetes" }).ring.discovery.kind, "kubernetes");
  assert.deepEqual(options({}, { PEERS: "http://a:5000/, http://[fd00::1]:5000" }).ring.discovery, {
    kind: "static",
    peers: ["http://a:5000", "http://[fd00::1]:5000"],
  });
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
