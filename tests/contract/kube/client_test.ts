/** The contract of the client, on the fake API server and on the real one, by each way to speak to them. */

import assert from "node:assert/strict";
import type { TransportOptions } from "#lib/kube/transport/contract.ts";
import { openLightTls } from "#lib/kube/transport/deno.ts";
import { controlPlane } from "#tests/support/control_plane.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import type { KubeServerOptions } from "#tests/support/kube_server/options.ts";
import { type ContractCase, runCase } from "./client/contract.ts";
import { permissionCases } from "./client/permissions.ts";
import { readingCases } from "./client/reading.ts";
import { writingCases } from "./client/writing.ts";

const plane = await controlPlane();
const cases = [...readingCases, ...writingCases, ...permissionCases];
const fakes: Readonly<Record<string, KubeServerOptions>> = {
  "fake API server": {},
  "fake API server on HTTP/1.1": { http2: false },
};
/** By the runtime's own TLS, and by Node's layer. */
const ways: Readonly<Record<string, Partial<TransportOptions>>> = {
  "real API server": { openLightTls },
  "real API server on Node's layer": {},
};

for (const contractCase of cases) {
  for (const [name, options] of Object.entries(fakes)) {
    Deno.test(`${name}: ${contractCase.name}`, async () => {
      await using server = await startKubeServer({
        ...options,
        users: {
          admin: { name: "admin", groups: ["system:masters"] },
          nobody: { name: "nobody", groups: [] },
        },
      });
      const endpoint = { url: server.url, caPem: server.caPem };
      await runCase(contractCase, {
        transportOptions: { openLightTls },
        admin: { ...endpoint, token: "admin" },
        nobody: { ...endpoint, token: "nobody" },
        expire: () => server.compact(),
      });
    });
  }

  // Expiry on the real server takes a compaction of etcd; tests/support/control_plane_test.ts has it.
  if (contractCase.needs === "expire") continue;
  const missing = reasonToIgnore(contractCase);
  for (const [name, transportOptions] of Object.entries(ways)) {
    Deno.test({
      name: `${name}: ${contractCase.name}${missing === undefined ? "" : ` (${missing})`}`,
      ignore: missing !== undefined,
      async fn() {
        assert.ok(!("unavailable" in plane));
        await runCase(contractCase, { ...plane, transportOptions });
      },
    });
  }
}

function reasonToIgnore({ needs }: ContractCase): string | undefined {
  if ("unavailable" in plane) return plane.unavailable;
  return needs === "nobody" && plane.nobody === undefined ? "no user without rights" : undefined;
}
