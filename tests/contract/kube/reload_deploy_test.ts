/** What `deploy/reload` has, created at a real API server with strict validation. */

import assert from "node:assert/strict";
import { loadAll } from "js-yaml";
import { controlPlane } from "#tests/support/control_plane.ts";
import { testNamespace } from "#tests/support/control_plane/harness.ts";
import { plainRequest } from "#tests/support/control_plane/http.ts";

const FOLDER = new URL("../../../deploy/reload/", import.meta.url);
const plane = await controlPlane();
const missing = "unavailable" in plane ? plane.unavailable : undefined;

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

const FILES = (await Array.fromAsync(Deno.readDir(FOLDER), ({ name }) => name))
  .filter((name) => name.endsWith(".yaml")).sort();

for (const name of FILES) {
  Deno.test({
    name: `deploy/reload/${name} is taken by a real API server${
      missing === undefined ? "" : ` (ignored: ${missing})`
    }`,
    ignore: missing !== undefined,
    async fn() {
      assert.ok(!("unavailable" in plane));
      await using namespace = await testNamespace(plane.admin);
      const text = (await Deno.readTextFile(new URL(name, FOLDER)))
        .replaceAll("team-a", namespace.name);
      const manifests = (loadAll(text) as (Manifest | null)[]).filter((one) => one !== null);
      assert.ok(manifests.length > 0);
      for (const { apiVersion, kind, ...rest } of manifests) {
        const group = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
        const { status, text: answer, headers } = await plainRequest(plane.admin, {
          method: "POST",
          path:
            `${group}/namespaces/${namespace.name}/${kind.toLowerCase()}s?fieldValidation=Strict`,
          body: { apiVersion, kind, ...rest },
        });
        assert.equal(status, 201, answer);
        assert.equal(headers["warning"], undefined);
      }
    },
  });
}
