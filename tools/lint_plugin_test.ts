/** Every rule with sources that break it and sources that do not. */

import assert from "node:assert/strict";
import plugin from "./lint_plugin.ts";

/** Rule → [file, source] pairs. */
interface Cases {
  readonly rejects: readonly (readonly [file: string, source: string])[];
  readonly accepts: readonly (readonly [file: string, source: string])[];
}

const many = (count: number) => "/** Lines. */\n" + "export const a = 1;\n".repeat(count - 1);

const CASES: Readonly<Record<string, Cases>> = {
  "import-table": {
    rejects: [
      ["main.ts", `import { run } from "./commands/reload/mod.ts";`],
      ["main.ts", `import { x } from "#lib/kube/client.ts";`],
      ["commands/mod.ts", `import { run } from "./reload/mod.ts";`],
      ["commands/reload/app.ts", `import { x } from "../resolve/print.ts";`],
      ["commands/reload/app.ts", `const x = () => import("../resolve/print.ts");`],
      ["commands/reload/app.ts", `import { tempDir } from "#tests/support/temp_dir.ts";`],
      ["commands/reload/app.ts", `import { x } from "./digest_test.ts";`],
      ["commands/reload/app.ts", `import { x } from "../../tools/generate.ts";`],
      ["commands/reload/app.ts", `import { x } from "../../bench/startup.ts";`],
      ["commands/reload/app.ts", `import { x } from "../../main.ts";`],
      ["lib/format/yaml.ts", `import { x } from "#lib/log/logger.ts";`],
      ["lib/term/table.ts", `import type { X } from "#lib/run/clock.ts";`],
      ["lib/log/logger.ts", `import { x } from "#lib/kube/client.ts";`],
      ["lib/run/retry.ts", `export * from "../http/server.ts";`],
      ["lib/kube/client.ts", `export { x } from "../http/server.ts";`],
      ["lib/http/server.ts", `import { x } from "#lib/fs/watch.ts";`],
      ["lib/sql/open.ts", `type X = import("#lib/amqp/wire.ts").X;`],
      ["lib/flags/mod.ts", `import { x } from "#lib/cli/app.ts";`],
      ["lib/flags/mod.ts", `import { x } from "#lib/grpc_resolver/mod.ts";`],
      ["lib/grpc_resolver/mod.ts", `import { x } from "../../commands/resolve/print.ts";`],
      ["lib/unheard/of.ts", `import { x } from "#lib/log/logger.ts";`],
    ],
    accepts: [
      ["main.ts", `import { commands } from "./commands/mod.ts"; import "#lib/cli/app.ts";`],
      ["main.ts", `import config from "./deno.json" with { type: "json" };`],
      ["commands/mod.ts", `export const load = () => import("./reload/mod.ts");`],
      ["commands/reload/app.ts", `import { x } from "./sources/x.ts"; import "#lib/kube/x.ts";`],
      ["commands/reload/sources/x.ts", `import { x } from "../options.ts";`],
      ["commands/reload/app_test.ts", `import { x } from "#tests/support/temp_dir.ts";`],
      ["lib/format/yaml.ts", `import { x } from "../collections/x.ts"; import "./y.ts";`],
      ["lib/log/logger.ts", `import { x } from "#lib/term/color.ts";`],
      ["lib/kube/client.ts", `import type { Clock } from "#lib/run/clock.ts";`],
      ["lib/flags/mod.ts", `import { x } from "#lib/kube/x.ts"; import "#lib/fs/x.ts";`],
      ["tests/contract/store.ts", `import { x } from "../../commands/clouddriver/store/x.ts";`],
      ["tools/generate.ts", `import { x } from "../commands/mod.ts";`],
    ],
  },
  "private-files": {
    rejects: [
      ["lib/kube/watch.ts", `import { x } from "./patch/_merge.ts";`],
      ["lib/http/x_test.ts", `import { x } from "#lib/kube/_wire.ts";`],
      ["lib/kube/sub/x.ts", `import { x } from "../_wire/frame.ts";`],
    ],
    accepts: [
      ["lib/kube/watch.ts", `import { x } from "./_wire.ts"; import "./_frames/a.ts";`],
      ["lib/kube/_frames/b.ts", `import { x } from "./a.ts"; import "../_frames/deep/a.ts";`],
    ],
  },
  "package-home": {
    rejects: [
      ["commands/reload/app.ts", `import { Hono } from "hono";`],
      ["lib/kube/client.ts", `import { html } from "hono/html";`],
      ["commands/serve-config/bus.ts", `import amqp from "amqplib";`],
      ["commands/clouddriver/app.ts", `import mysql from "mysql2/promise";`],
      ["commands/clouddriver/app.ts", `import { DatabaseSync } from "node:sqlite";`],
      ["commands/clouddriver/views/x.ts", `import { sql } from "kysely";`],
      ["commands/resolve/print.ts", `import * as grpc from "@grpc/grpc-js";`],
      ["lib/kube/config.ts", `import { load } from "js-yaml";`],
      ["commands/reload/options.ts", `import { x } from "@stricli/core";`],
      ["commands/reload/app.ts", `import { Counter } from "prom-client";`],
      ["lib/run/lifecycle.ts", `import { x } from "@logtape/logtape";`],
      ["lib/http/cache.ts", `import { LRUCache } from "lru-cache";`],
      ["lib/format/json.ts", `import fc from "fast-check";`],
      ["commands/reload/app.ts", `import { x } from "@bufbuild/protobuf/wire";`],
      ["commands/reload/app.ts", `import { x } from "left-pad";`],
      ["commands/reload/app.ts", `const x = () => import("npm:left-pad@1.0.0");`],
    ],
    accepts: [
      ["commands/clouddriver/routes/tasks.ts", `import { Hono } from "hono";`],
      ["commands/serve-config/routes.ts", `import { Hono } from "hono";`],
      ["lib/http/app.ts", `import { Hono } from "hono";`],
      ["lib/amqp/connect.ts", `import amqp from "amqplib";`],
      ["lib/sql/mysql.ts", `const x = () => import("mysql2/promise");`],
      ["lib/sql/sqlite.ts", `import { DatabaseSync } from "node:sqlite";`],
      ["commands/clouddriver/store/queries.ts", `import { sql } from "kysely";`],
      ["commands/resolve/probe.ts", `import * as grpc from "@grpc/grpc-js";`],
      ["lib/format/yaml.ts", `import { load } from "js-yaml";`],
      ["commands/reload/mod.ts", `import { x } from "@stricli/core";`],
      ["lib/metrics/registry.ts", `import { Counter } from "prom-client";`],
      ["lib/log/create_logger.ts", `import { x } from "@logtape/logtape";`],
      ["commands/serve-config/cache.ts", `import { LRUCache } from "lru-cache";`],
      ["lib/kube/x.ts", `import * as v from "valibot";`],
      ["lib/format/json_test.ts", `import fc from "fast-check";`],
      ["commands/serve-config/peer_wire.ts", `import { x } from "@bufbuild/protobuf/wire";`],
    ],
  },
  "banned-import": {
    rejects: [
      ["lib/run/x.ts", `import process from "node:process";`],
      ["lib/kube/x.ts", `import { createHash } from "node:crypto";`],
      ["commands/reload/x.ts", `import { join } from "node:path";`],
      ["lib/http/x.ts", `import { gzip } from "node:zlib";`],
      ["lib/kube/x.ts", `import { Buffer } from "node:buffer";`],
    ],
    accepts: [
      ["lib/kube/gzip.ts", `import { gunzip } from "node:zlib";`],
      ["lib/kube/http2.ts", `import http2 from "node:http2";`],
      ["lib/flags/node.ts", `import { join } from "node:path";`],
      ["lib/amqp/wire.ts", `import { Buffer } from "node:buffer";`],
      ["lib/run/x_test.ts", `import process from "node:process";`],
    ],
  },
  "banned-global": {
    rejects: [
      ["lib/kube/x.ts", `export function f() { console.log(1); }`],
      ["lib/kube/x.ts", `export const t = () => setTimeout(() => {}, 1);`],
      ["lib/kube/x.ts", `export const t = () => globalThis.setInterval(() => {}, 1);`],
      ["lib/kube/x.ts", `export const deps = () => ({ setTimeout });`],
      ["commands/reload/x.ts", `export const t = () => new Intl.NumberFormat();`],
      ["commands/reload/x.ts", `export const b = () => Buffer.from("x");`],
    ],
    accepts: [
      ["lib/run/clock.ts", `export const t = () => setTimeout(() => {}, 1);`],
      ["lib/amqp/x.ts", `export const b = () => Buffer.from("x");`],
      ["lib/kube/x.ts", `export const f = (o: { console: 1 }) => o.console;`],
      ["lib/kube/x_test.ts", `console.log(1); setTimeout(() => {}, 1);`],
    ],
  },
  "deno-namespace": {
    rejects: [
      ["lib/http/x.ts", `export const a = () => Deno.args;`],
      ["commands/reload/x.ts", `export const a = () => Deno.env.get("A");`],
      ["commands/reload/x.ts", `export const a = () => Deno.exit(1);`],
      ["commands/reload/x.ts", `export const a = () => Deno["stdout"];`],
      ["lib/fs/x.ts", `export const a = () => Deno.addSignalListener("SIGHUP", () => {});`],
      ["lib/flags/x.ts", `export const a = () => Deno.readTextFile("x");`],
      ["lib/kube/x.ts", `export type A = Deno.FsEvent;`],
      ["lib/grpc_resolver/x.ts", `export const a = () => globalThis.Deno;`],
    ],
    accepts: [
      ["main.ts", `Deno.exit(1);`],
      ["lib/run/signals.ts", `export const a = () => Deno.addSignalListener("SIGHUP", () => {});`],
      ["lib/kube/deno.ts", `export const a = () => Deno.env.get("A");`],
      ["lib/fs/x.ts", `export const a = () => Deno.readTextFile("x");`],
      ["lib/flags/x_test.ts", `Deno.test("x", () => {});`],
    ],
  },
  "silent-catch": {
    rejects: [
      ["lib/kube/x.ts", `export function f() { try { g(); } catch {} }`],
      ["lib/kube/x.ts", `export const f = () => g().catch(() => {});`],
    ],
    accepts: [
      ["lib/kube/x.ts", `export function f() { try { g(); } catch { /* gone already */ } }`],
      ["lib/kube/x.ts", `export const f = () => g().catch(() => { /* told elsewhere */ });`],
      ["lib/kube/x.ts", `export const f = () => g().catch(() => undefined);`],
    ],
  },
  "barrel-file": {
    rejects: [["lib/http/mod.ts", `export * from "./a.ts"; export { b } from "./b.ts";`]],
    accepts: [
      ["lib/flags/mod.ts", `export * from "./a.ts"; export { b } from "./b.ts";`],
      ["lib/http/a.ts", `export { b } from "./b.ts"; export const a = 1;`],
    ],
  },
  "file-length": {
    rejects: [["lib/kube/x.ts", many(501)], ["tests/x_test.ts", many(501)]],
    accepts: [
      ["lib/kube/x.ts", many(500)],
      ["lib/kube/x.ts", "/** Codes. */\n// data table\n" + many(600)],
    ],
  },
  "file-header": {
    rejects: [["lib/kube/x.ts", `export const a = 1; // late`], ["commands/a/x.ts", `let a;`]],
    accepts: [
      ["lib/kube/x.ts", `/** What for. */\nexport const a = 1;`],
      ["lib/kube/x.ts", `// What for.\nexport const a = 1;`],
      ["tools/x.ts", `export const a = 1;`],
    ],
  },
  "import-effects": {
    rejects: [
      ["lib/kube/x.ts", `register();`],
      ["lib/kube/x.ts", `export const a = await load();`],
      ["commands/reload/x.ts", `for (const a of []) register(a);`],
      ["commands/reload/x.ts", `await load();`],
    ],
    accepts: [
      ["lib/kube/x.ts", `export const a = new Map(); export class B { static c = 1; }`],
      ["lib/kube/x.ts", `export const f = async () => { await g(); };`],
      ["lib/kube/x.ts", `import "./y.ts"; export type A = 1; interface C { a: 1 } let d = 1;`],
      ["main.ts", `await run();`],
      ["lib/kube/x_test.ts", `Deno.test("x", () => {});`],
    ],
  },
};

Deno.test("the lint plugin has a case for every rule", () => {
  assert.deepEqual(Object.keys(CASES).sort(), Object.keys(plugin.rules).sort());
});

for (const [rule, { rejects, accepts }] of Object.entries(CASES)) {
  Deno.test(`kcfg/${rule} reports what it should and nothing else`, async (t) => {
    for (const [file, source] of rejects) {
      await t.step(`rejects ${file}: ${source.slice(0, 60)}`, () => {
        assert.equal(reports(rule, file, source).length, 1);
      });
    }
    for (const [file, source] of accepts) {
      await t.step(`accepts ${file}: ${source.slice(0, 60)}`, () => {
        assert.deepEqual(reports(rule, file, source), []);
      });
    }
  });
}

Deno.test("the lint plugin finds its place in any checkout folder", () => {
  const source = `import { x } from "#lib/kube/x.ts";`;
  const here = decodeURIComponent(new URL("../lib/format/x.ts", import.meta.url).pathname);
  assert.equal(reports("import-table", here, source).length, 1);
  assert.equal(reports("import-table", "/elsewhere/copy/lib/format/x.ts", source).length, 1);
  assert.equal(reports("import-table", "/elsewhere/script.ts", source).length, 0);
});

function reports(rule: string, file: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, file, source)
    .filter(({ id }) => id === `kcfg/${rule}`)
    .map(({ message }) => message);
}
