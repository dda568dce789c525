/** Which files of a bundle become one. */

import assert from "node:assert/strict";
import type { GetModuleInfo } from "rollup";
import { sharedStart } from "./shared_start.ts";

/** Two commands whose services share a chunk; one more is shared by parts that no start loads. */
const IMPORTS: Readonly<Record<string, { now?: string[]; later?: string[] }>> = {
  "/main.js": { now: ["/chunk-ALL.js"], later: ["/mod-A.js", "/mod-B.js", "/run_command-R.js"] },
  "/mod-A.js": { now: ["/chunk-TABLE.js"], later: ["/run-A.js", "/late-A.js"] },
  "/mod-B.js": { now: ["/chunk-TABLE.js"], later: ["/app-B.js", "/late-B.js"] },
  "/run-A.js": { now: ["/chunk-LOG.js", "/chunk-ALL.js", "/chunk-A.js"] },
  "/app-B.js": { now: ["/chunk-LOG.js"] },
  "/late-A.js": { now: ["/chunk-LATE.js"] },
  "/late-B.js": { now: ["/chunk-LATE.js"] },
  "/run_command-R.js": { now: ["/chunk-FLAGS.js"] },
};

Deno.test("sharedStart() joins what the starts of two commands load, and nothing else", () => {
  const rule = sharedStart("/main.js", ["/mod-A.js", "/mod-B.js"]);
  const getModuleInfo = ((id: string) => ({
    importedIds: IMPORTS[id]?.now ?? [],
    dynamicallyImportedIds: IMPORTS[id]?.later ?? [],
  })) as unknown as GetModuleInfo;
  const ids = Object.values(IMPORTS).flatMap(({ now = [], later = [] }) => [...now, ...later]);
  const joined = [...new Set(ids)].filter((id) =>
    typeof rule === "function" &&
    rule(id, { getModuleInfo, getModuleIds: () => ids.values() }) === "start"
  );
  assert.deepEqual(joined.sort(), [
    "/chunk-FLAGS.js",
    "/chunk-LOG.js",
    "/chunk-TABLE.js",
    "/run_command-R.js",
  ]);
});
