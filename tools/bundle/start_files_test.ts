/** Which files of a bundle become one. */

import assert from "node:assert/strict";
import type { GetModuleInfo } from "rollup";
import { startFiles } from "./start_files.ts";

/**
 * Two commands whose services share a chunk; one more is shared by parts that no start loads. The client is in the
 * start of one and in a late part of the other.
 */
const IMPORTS: Readonly<Record<string, { now?: string[]; later?: string[] }>> = {
  "/main.js": { now: ["/chunk-ALL.js"], later: ["/mod-A.js", "/mod-B.js", "/run_command-R.js"] },
  "/mod-A.js": { now: ["/chunk-TABLE.js"], later: ["/run-A.js", "/late-A.js"] },
  "/mod-B.js": { now: ["/chunk-TABLE.js"], later: ["/app-B.js", "/late-B.js"] },
  "/run-A.js": { now: ["/chunk-LOG.js", "/chunk-ALL.js", "/chunk-A.js", "/client.js"] },
  "/app-B.js": { now: ["/chunk-LOG.js"] },
  "/late-A.js": { now: ["/chunk-LATE.js"] },
  "/late-B.js": { now: ["/chunk-LATE.js", "/client.js"] },
  "/run_command-R.js": { now: ["/chunk-FLAGS.js"] },
};

/** The files of the bundle by the name of the file they become part of. */
function joined(): Record<string, string[]> {
  const rule = startFiles("/main.js", new Map([["/mod-A.js", "a"], ["/mod-B.js", "b"]]));
  assert(typeof rule === "function");
  const getModuleInfo = ((id: string) => ({
    importedIds: IMPORTS[id]?.now ?? [],
    dynamicallyImportedIds: IMPORTS[id]?.later ?? [],
  })) as unknown as GetModuleInfo;
  const ids = Object.values(IMPORTS).flatMap(({ now = [], later = [] }) => [...now, ...later]);
  const files: Record<string, string[]> = {};
  for (const id of [...new Set(ids)].sort()) {
    const name = rule(id, { getModuleInfo, getModuleIds: () => ids.values() });
    if (typeof name === "string") (files[name] ??= []).push(id);
  }
  return files;
}

Deno.test("startFiles() joins what the starts of two commands load", () => {
  assert.deepEqual(joined()["start"], [
    "/chunk-FLAGS.js",
    "/chunk-LOG.js",
    "/chunk-TABLE.js",
    "/run_command-R.js",
  ]);
});

Deno.test("startFiles() joins the start of a command, without what another one may need", () => {
  assert.deepEqual(joined()["a"], ["/chunk-A.js", "/mod-A.js", "/run-A.js"]);
  assert.deepEqual(joined()["b"], ["/app-B.js", "/mod-B.js"]);
});

Deno.test("startFiles() leaves late parts where they are", () => {
  const names = Object.values(joined()).flat();
  for (const id of ["/late-A.js", "/late-B.js", "/chunk-LATE.js", "/client.js", "/chunk-ALL.js"]) {
    assert(!names.includes(id), id);
  }
});
