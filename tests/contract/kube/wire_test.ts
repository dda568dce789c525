/** Exchanges on the wire, on the fake API server and on the real one, compared with each other. */

import assert from "node:assert/strict";
import { controlPlane } from "#tests/support/control_plane.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { collectionCases } from "./wire/collections.ts";
import { deletionCases } from "./wire/deletion.ts";
import { kindCases } from "./wire/kinds.ts";
import { objectCases } from "./wire/objects.ts";
import { patchCases } from "./wire/patching.ts";
import { servingCases } from "./wire/serving.ts";
import { type Note, type Side, Wire, type WireCase } from "./wire/wire.ts";

const plane = await controlPlane();
const cases = [
  ...objectCases,
  ...kindCases,
  ...deletionCases,
  ...collectionCases,
  ...patchCases,
  ...servingCases,
];

// Each exchange runs on the fake server and on the real one; what they answer is asserted by the case and
// then compared, so that the fake cannot drift.
for (const wireCase of cases) {
  let fakeNotes: readonly Note[] | undefined;

  Deno.test(`fake API server: ${wireCase.name}`, async () => {
    await using server = await startKubeServer({
      users: {
        admin: { name: "admin", groups: ["system:masters"] },
        nobody: { name: "nobody", groups: [] },
      },
    });
    const endpoint = { url: server.url, caPem: server.caPem };
    fakeNotes = await runCase(wireCase, {
      admin: { ...endpoint, token: "admin" },
      nobody: { ...endpoint, token: "nobody" },
    });
  });

  const missing = reasonToIgnore(wireCase);
  Deno.test({
    name: `real API server: ${wireCase.name}${missing === undefined ? "" : ` (${missing})`}`,
    ignore: missing !== undefined,
    async fn() {
      assert.ok(!("unavailable" in plane));
      const notes = await runCase(wireCase, plane);
      if (fakeNotes !== undefined) compare(fakeNotes, notes, wireCase);
    },
  });
}

function reasonToIgnore({ needsControllers, needsNobody }: WireCase): string | undefined {
  if ("unavailable" in plane) return plane.unavailable;
  if (needsControllers === true && !plane.hasControllers) return "no kube-controller-manager";
  return needsNobody === true && plane.nobody === undefined ? "no user without rights" : undefined;
}

async function runCase(wireCase: WireCase, side: Side): Promise<readonly Note[]> {
  await using wire = await Wire.open(side);
  await wireCase.run(wire);
  return wire.notes;
}

function compare(fake: readonly Note[], real: readonly Note[], { looseMessages }: WireCase): void {
  assert.deepEqual(fake.map(({ request }) => request), real.map(({ request }) => request));
  for (const [index, actual] of fake.entries()) {
    const wanted = real[index];
    if (wanted === undefined) continue;
    const isLoose = looseMessages?.some((prefix) => actual.request.startsWith(prefix)) ?? false;
    const { fields, ...answer } = actual;
    const { fields: realFields, ...realAnswer } = wanted;
    const dropMessage = isLoose ? { message: "" } : {};
    assert.deepEqual({ ...answer, ...dropMessage }, { ...realAnswer, ...dropMessage });
    // The fake may know fewer fields (defaults of a schema), but none of its own.
    const invented = fields.filter((field) => !realFields.includes(field));
    assert.deepEqual(invented, [], `fields only the fake has in the answer to ${actual.request}`);
  }
}
