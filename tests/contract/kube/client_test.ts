import { controlPlane } from "#tests/support/control_plane.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import type { KubeServerOptions } from "#tests/support/kube_server/options.ts";
import { runCase } from "./client/contract.ts";
import { permissionCases } from "./client/permissions.ts";
import { readingCases } from "./client/reading.ts";
import { writingCases } from "./client/writing.ts";

const plane = await controlPlane();
const cases = [...readingCases, ...writingCases, ...permissionCases];
const fakes: Readonly<Record<string, KubeServerOptions>> = {
  "fake API server": {},
  "fake API server on HTTP/1.1": { http2: false },
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
        admin: { ...endpoint, token: "admin" },
        nobody: { ...endpoint, token: "nobody" },
        expire: () => server.compact(),
      });
    });
  }

  Deno.test({
    name: `real API server: ${contractCase.name}`,
    ignore: "unavailable" in plane,
    async fn() {
      if (!("unavailable" in plane)) await runCase(contractCase, plane);
    },
  });
}
