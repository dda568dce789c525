/** `kcfg resolve` on names and messages that the API server lets anybody write: none of them obeyed by a terminal. */

import assert from "node:assert/strict";
import { eventually } from "#tests/support/eventually.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { runKcfg, startKcfg } from "#tests/support/process.ts";
import { slice } from "#tests/support/slices.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

// deno-lint-ignore no-control-regex -- what must not be there
const OBEYED = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/;

// The API server takes any text for the target of an endpoint, and for its zone.
const hostile = (conditions: { readonly ready: boolean }) => ({
  addresses: ["10.0.0.1"],
  conditions,
  zone: "a\x1b]0;title\x07\u202e",
  targetRef: { kind: "Pod\x9b2J", name: "web\x1b[2J\nforged  line", uid: "u" },
});

Deno.test("resolve prints no control characters of a slice in tables, explanations and changes", async () => {
  await using server = await startKubeServer();
  await using dir = await tempDir();
  server.put(slice("web-1", { endpoints: [hostile({ ready: true })] }));
  const base = ["resolve", "--kubeconfig", await dir.write("config", server.kubeconfig())];
  for (const args of [["-o", "wide"], ["--explain", "-o", "addresses"]]) {
    const { stdout, stderr } = await runKcfg([...base, ...args, "web.prod"]);
    assert.match(stdout, /10\.0\.0\.1/);
    assert.doesNotMatch(stdout + stderr, OBEYED);
    assert.doesNotMatch(stdout + stderr, /^forged/m);
  }
  await using watch = startKcfg([...base, "--watch", "web.prod"]);
  await eventually("the state", () => watch.stdout().includes("10.0.0.1"));
  server.put(slice("web-1", { endpoints: [hostile({ ready: false })] }));
  await eventually("the change", () => watch.stdout().includes(" - 10.0.0.1"));
  assert.doesNotMatch(watch.stdout(), OBEYED);
  assert.doesNotMatch(watch.stdout(), /^forged/m);
});
