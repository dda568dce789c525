/** `kcfg serve-config --backend kube:` as a process, on the embedded API server and on a real one. */

import assert from "node:assert/strict";
import { controlPlane } from "#tests/support/control_plane.ts";
import { applyRbac, createToken, testNamespace } from "#tests/support/control_plane/harness.ts";
import { type Endpoint, plainRequest } from "#tests/support/control_plane/http.ts";
import { eventually } from "#tests/support/eventually.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { type KcfgProcess, startKcfg } from "#tests/support/process.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const plane = await controlPlane();
const missing = "unavailable" in plane ? plane.unavailable : undefined;
const LISTENERS = ["listen", "health", "metrics"].map((name) => `--${name}-addr=127.0.0.1:0`);
const ORDERS = {
  "orders.yml":
    "pool: {size: 4, hosts: [a, b]}\nurl: http://${host}/\n---\nspring.config.activate.on-profile: dev\npool.size: 1\n",
  "host": "example.org",
};

async function write(
  admin: Endpoint,
  namespace: string,
  { kind = "configmaps", name, method = "POST", body }: {
    readonly kind?: "configmaps" | "secrets";
    readonly name: string;
    readonly method?: "POST" | "PATCH" | "DELETE";
    readonly body?: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  const collection = `/api/v1/namespaces/${namespace}/${kind}`;
  const { status, text } = await plainRequest(admin, {
    method,
    path: method === "POST" ? collection : `${collection}/${name}`,
    ...(body && { body: method === "POST" ? { metadata: { name }, ...body } : body }),
    ...(method === "PATCH" && { contentType: "application/merge-patch+json" }),
  });
  assert.ok(status < 300, text);
}

async function addressOf(kcfg: KcfgProcess, listener = "listen"): Promise<string> {
  const line = await eventually("it is ready", () => kcfg.logLine("ready"));
  return `http://${line[listener]}`;
}

async function get(url: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
}

function serve(...args: string[]): KcfgProcess {
  return startKcfg(["serve-config", ...LISTENERS, "--log-format=json", ...args]);
}

function realAdmin(): Endpoint {
  assert.ok(!("unavailable" in plane));
  return plane.admin;
}

/** A real server or the embedded one, with a namespace and an account that has the printed rights alone. */
async function side(kind: "real" | "embedded") {
  await using stack = new AsyncDisposableStack();
  const server = kind === "embedded" ? stack.use(await startKubeServer()) : undefined;
  const admin = server === undefined ? realAdmin() : { url: server.url, caPem: server.caPem };
  const namespace = stack.use(await testNamespace(admin)).name;
  const dir = stack.use(await tempDir());
  const options = [`--backend=kube:${namespace}`, "--backend-options=secrets=true"];
  await using printing = startKcfg(["serve-config", "--print-rbac", ...options]);
  assert.equal(await printing.exitCode(), 0, printing.stderr());
  const access = [`--server=${admin.url}`];
  if (admin.caPem !== undefined) {
    access.push(`--certificate-authority=${await dir.write("ca.pem", admin.caPem)}`);
  }
  if (server === undefined) {
    await applyRbac(admin, printing.stdout());
    const token = await createToken(admin, { namespace, name: "kcfg-serve-config" });
    access.push(`--token-file=${await dir.write("token", token)}`);
  }
  const owned = stack.move();
  return {
    admin,
    namespace,
    server,
    start: (...args: string[]) => serve("--kubeconfig=/dev/null", ...access, ...options, ...args),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

for (const kind of ["embedded", "real"] as const) {
  const ignored = kind === "real" ? missing : undefined;
  Deno.test({
    name: `serve-config is the Spring server of ConfigMaps on the ${kind} API server${
      ignored === undefined ? "" : ` (ignored: ${ignored})`
    }`,
    ignore: ignored !== undefined,
    async fn() {
      await using kube = await side(kind);
      const { admin, namespace } = kube;
      await write(admin, namespace, { name: "orders", body: { data: ORDERS } });
      const secret = { data: { "db.password": btoa("geheim\n") } };
      await write(admin, namespace, { kind: "secrets", name: "orders", body: secret });
      await using kcfg = kube.start("--api=both");
      const url = await addressOf(kcfg);
      await eventually(
        "the objects are read",
        async () => (await get(`${await addressOf(kcfg, "health")}/readyz`)).status === 200,
      );
      assert.equal(
        (await get(`${url}/orders-dev.properties`)).text,
        "db.password: geheim\npool.size: 1\nurl: http://example.org/\n" +
          "spring.config.activate.on-profile: dev\nhost: example.org\n" +
          "pool.hosts[0]: a\npool.hosts[1]: b",
      );
      assert.equal((await get(`${url}/orders/host`)).text, "example.org");
      const { propertySources, version } = JSON.parse((await get(`${url}/orders/dev`)).text);
      assert.deepEqual(propertySources.map(({ name }: { name: string }) => name), [
        `configmap.orders.${namespace}.default`,
        `secret.orders.${namespace}.default`,
      ]);

      await write(admin, namespace, {
        name: "orders",
        method: "PATCH",
        body: { data: { host: "changed.org" } },
      });
      await eventually(
        "the change is served",
        async () => (await get(`${url}/orders/host`)).text === "changed.org",
      );
      assert.match((await get(`${url}/orders-dev.yml`)).text, /^url: http:\/\/changed.org\/$/m);
      assert.notEqual(JSON.parse((await get(`${url}/orders/dev`)).text).version, version);

      await write(admin, namespace, { name: "orders", method: "DELETE" });
      // Without the object the path is one of Spring's: the profile "host".
      await eventually(
        "the object is gone",
        async () => (await get(`${url}/orders/host`)).text.includes('"profiles":["host"]'),
      );
      kcfg.signal("SIGTERM");
      assert.equal(await kcfg.exitCode(), 0);
    },
  });
}

Deno.test("serve-config answers no request before all objects were read, and says why", async () => {
  const nobody = { name: "nobody", groups: [], rules: [] };
  await using server = await startKubeServer({ users: { nobody } });
  await using dir = await tempDir();
  const kubeconfig = await dir.write("config", server.kubeconfig({ token: "nobody" }));
  await using kcfg = serve(`--kubeconfig=${kubeconfig}`, "--backend=kube:team");
  const url = await addressOf(kcfg);
  assert.deepEqual(await get(`${url}/orders/dev`), {
    status: 502,
    text: "error status from backend: 0",
  });
  const readyz = `${await addressOf(kcfg, "health")}/readyz`;
  const { status, text } = await eventually("it says what is denied", async () => {
    const answer = await get(readyz);
    return answer.text.includes("403") ? answer : undefined;
  });
  assert.equal(status, 503);
  assert.match(JSON.parse(text).checks.backend.detail, /configmaps of team cannot be read/);
});

Deno.test("serve-config goes on with the last objects while the API server is away", async () => {
  await using kube = await side("embedded");
  await write(kube.admin, kube.namespace, { name: "orders", body: { data: { host: "a" } } });
  await using kcfg = kube.start();
  const url = await addressOf(kcfg);
  await eventually(
    "it serves",
    async () => (await get(`${url}/orders-x.properties`)).text === "host: a",
  );
  await kube.server?.pause();
  const readyz = `${await addressOf(kcfg, "health")}/readyz`;
  const { status, text } = await eventually("it warns", async () => {
    const answer = await get(readyz);
    return answer.text.includes("warn") ? answer : undefined;
  });
  assert.equal(status, 200, text);
  assert.equal((await get(`${url}/orders-y.properties`)).text, "host: a");
  await kube.server?.resume();
});
