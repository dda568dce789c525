/**
 * The Spring Cloud Config API against recorded answers of the Java server: same files, same requests. What is
 * meant to differ stands in differences.json, its reasons in docs/compat/spring-cloud-config.md.
 */

import assert from "node:assert/strict";
import { createFileRepository } from "../../../commands/serve-config/spring/file_repository.ts";
import { createSpringUpstream } from "../../../commands/serve-config/spring/spring_upstream.ts";
import { springKey } from "../../../commands/serve-config/spring/variant.ts";
import differences from "./differences.json" with { type: "json" };
import vectors from "./vectors.json" with { type: "json" };

const FILES: Readonly<Record<string, string>> = vectors.files;

/** Request → our answer in place of theirs; each differs for the reason it names. */
const DIFFERENT: Readonly<
  Record<string, { readonly why: string; readonly ours: string | number }>
> = differences;

const upstream = createSpringUpstream({ acceptEmpty: true, maxObjectBytes: 1 << 20 }, {
  kind: "dir",
  repository: createFileRepository({ searchPaths: ["{application}"], labelDirs: true }, {
    read(path) {
      const text = FILES[path];
      return Promise.resolve(
        text === undefined ? undefined : { bytes: new TextEncoder().encode(text) },
      );
    },
    describe: (path) => `file:/trees/${path}`,
  }),
  watch: () => Promise.reject(new Error("nothing to watch")),
});

Deno.test("the Spring Cloud Config API answers as the Java server does", async (t) => {
  for (const { path, accept, status, body } of vectors.requests) {
    const name = accept === undefined ? path : `${path} (v2)`;
    await t.step(name, async () => {
      const [rawPath = "", query = ""] = path.split("?");
      const key = springKey(decodeURIComponent(rawPath), { query, accept: accept ?? null });
      const outcome = await upstream.load(key, new AbortController().signal);
      const different = DIFFERENT[name]?.ours;
      if (outcome.kind !== "found") {
        const answered = outcome.kind === "rejected" ? outcome.status : 404;
        assert.equal(answered, different ?? status);
        return;
      }
      const text = new TextDecoder().decode(outcome.bytes);
      assert.equal(withPlainNames(text), withPlainNames(String(different ?? body)));
    });
  }
});

/** The native profile names documents by its loader's words; ours are those of every other backend. */
function withPlainNames(body: string): string {
  return body.replace(
    /Config resource 'file \[([^\]]*)\]' via location '[^']*'/g,
    "file:$1",
  );
}
