/** The flag table against the specification, and what options refuse. */

import assert from "node:assert/strict";
import { resolveFlags, variablesOf } from "#lib/cli/resolve_flags.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import { FLAGS } from "./flag_table.ts";
import { toOptions } from "./options.ts";

type Given = Record<string, string>;

function options(flags: Given = {}, { env = {}, hook }: { env?: Given; hook?: string[] } = {}) {
  const resolved = resolveFlags(FLAGS, { flags, env, command: "flags-watch" });
  return toOptions(resolved, { passthrough: hook });
}

const BASE = { schema: "s.json", "config-dir": "/etc/flags" };

// flags-watch.md 6: flag and default; undefined for none, null where the feature is not there.
const TABLE: [string, string | null | undefined][] = [
  ["config-dir", undefined],
  ["dir", undefined],
  ["dflag_dir_path", undefined],
  ["configmap", ""],
  ["secret", ""],
  ["no-source", "false"],
  ["schema", undefined],
  ["infer", "false"],
  ["schema-configmap", undefined],
  ["set", ""],
  ["config-port", undefined],
  ["listen", undefined],
  ["list-path", "/"],
  ["set-path", "/set"],
  ["allow-set", "false"],
  ["allow-set-paths", "false"],
  ["set-token-file", undefined],
  ["unknown", "warn"],
  ["init-errors", "fail"],
  ["atomic", "false"],
  ["on-remove", "keep"],
  ["override-policy", "until-update"],
  ["poll-interval", "60s"],
  ["debounce", "50ms"],
  ["wait-dir", "0s"],
  ["output", undefined],
  ["once", "false"],
  ["check", undefined],
  ["on-change", undefined],
  ["on-change-http", undefined],
  ["on-change-http-header", ""],
  ["on-change-http-method", "POST"],
  ["hook-timeout", "30s"],
  ["hook-on-start", "false"],
  ["hook-secrets", "false"],
  ["out-file", undefined],
  ["out-format", "json"],
  ["ofrep", "false"],
  ["emit-types", "none"],
  ["logger-json", undefined],
  ["logger-timestamp", undefined],
  ["loglevel", undefined],
  ["log-format", "json"],
  ["log-level", "info"],
  ["kubeconfig", undefined],
  ["context", undefined],
  ["print-rbac", "false"],
];

Deno.test("FLAGS has every name, default and variable of the specification", () => {
  for (const [name, expected] of TABLE) {
    const flag = FLAGS[name as keyof typeof FLAGS];
    assert.ok(flag, name);
    if (expected === null) assert.ok(flag.unavailable, name);
    else assert.equal(flag.default, expected, name);
    const variable = `KCFG_FLAGS_${name.replaceAll("-", "_").toUpperCase()}`;
    assert.ok(variablesOf("flags-watch", name, FLAGS).includes(variable), variable);
  }
});

Deno.test("toOptions() takes each name of the directory and of the port", () => {
  for (const name of ["config-dir", "dir", "dflag_dir_path"]) {
    const { source } = options({ schema: "s", [name]: "/d" });
    assert.deepEqual([source.kind, source.kind === "directory" && source.path], [
      "directory",
      "/d",
    ]);
  }
  for (const name of ["config-port", "listen"]) {
    assert.deepEqual(options({ ...BASE, [name]: "8090" }).http?.address, {
      hostname: undefined,
      port: 8090,
    });
  }
  const { http } = options(BASE, { env: { KCFG_FLAGS_CONFIG_PORT: "127.0.0.1:0" } });
  assert.deepEqual(http?.address, { hostname: "127.0.0.1", port: 0 });
  assert.equal(options({ ...BASE, "config-port": "" }).http, undefined);
});

Deno.test("toOptions() prints JSON lines unless HTTP or a hook is there", () => {
  assert.equal(options(BASE).output, "jsonl");
  assert.equal(options({ ...BASE, "config-port": "1" }).output, "none");
  assert.equal(options(BASE, { hook: ["true"] }).output, "none");
  assert.equal(options({ ...BASE, "config-port": "1", output: "text" }).output, "text");
});

Deno.test("toOptions() reads objects, their namespaces and the command line's values", () => {
  const { source } = options({ infer: "true", configmap: "team/a\u001fb", secret: "c" });
  assert.deepEqual(source.kind === "api" && source.objects, [
    { kind: "ConfigMap", namespace: "team", name: "a" },
    { kind: "ConfigMap", namespace: undefined, name: "b" },
    { kind: "Secret", namespace: undefined, name: "c" },
  ]);
  const { values } = options({ ...BASE, set: "a=1=2\u001fb=", loglevel: "debug" });
  assert.deepEqual(values, [["loglevel", "debug"], ["a", "1=2"], ["b", ""]]);
});

Deno.test("toOptions() takes a hook as shell command or as program", () => {
  assert.deepEqual(options({ ...BASE, "on-change": "a b" }).hooks.command, [
    "/bin/sh",
    "-c",
    "a b",
  ]);
  assert.deepEqual(options(BASE, { hook: ["a", "b"] }).hooks.command, ["a", "b"]);
  const { request } = options({
    ...BASE,
    "on-change-http": "http://h/x",
    "on-change-http-header": "X-A: 1",
    "on-change-http-method": "put",
  }).hooks;
  assert.deepEqual(request, { url: "http://h/x", method: "PUT", headers: [["X-A", "1"]] });
});

Deno.test("toOptions() refuses what contradicts or is not there, by name", () => {
  const cases: [Given, RegExp][] = [
    [{}, /No source of values/],
    [{ "config-dir": "/d" }, /No declaration of the flags/],
    [{ ...BASE, configmap: "a" }, /--config-dir and --configmap contradict/],
    [{ ...BASE, "no-source": "true" }, /contradict/],
    [{ ...BASE, infer: "true" }, /--schema and --infer contradict/],
    [{ schema: "s", check: "f" }, /--check: it needs --once/],
    [{ ...BASE, set: "x" }, /NAME=RAW/],
    [{ ...BASE, "list-path": "/x", "set-path": "/x", "config-port": "1" }, /the same/],
    [{ ...BASE, "list-path": "x" }, /path that begins with/],
    [{ ...BASE, "config-port": "host" }, /not a listen address/],
    [{ schema: "s", configmap: "a/b/c" }, /not the name of a ConfigMap/],
    [{ "schema-configmap": "a", "config-dir": "/d" }, /NAME#KEY/],
    [{ ...BASE, "on-change-http": "ftp://x" }, /not a URL/],
    [{ ...BASE, "on-change-http-header": "x" }, /NAME: VALUE/],
    [{ infer: "true", "emit-types": "ts" }, /with --infer there are no types/],
    [{ ...BASE, namespace: "a\u001fb" }, /--namespace/],
    [{ ...BASE, "hook-timeout": "0s" }, /below/],
  ];
  for (const [flags, message] of cases) {
    assert.throws(
      () => options(flags),
      (err) => err instanceof UsageError && message.test(err.message),
      JSON.stringify(flags),
    );
  }
  assert.throws(() => options({ ...BASE, "on-change": "x" }, { hook: ["y"] }), UsageError);
});
