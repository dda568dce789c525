import assert from "node:assert/strict";
import { openControlPlane, startControlPlane } from "#tests/support/control_plane.ts";
import { applyRbac, compactEtcd, testNamespace } from "#tests/support/control_plane/harness.ts";
import { plainLines, plainRequest } from "#tests/support/control_plane/http.ts";
import { findPrograms } from "#tests/support/control_plane/programs.ts";
import { eventually } from "#tests/support/eventually.ts";
import { startKubeServer } from "#tests/support/kube_server.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const hasPrograms = await isAvailable();

Deno.test("findPrograms() prefers KUBEBUILDER_ASSETS and says what is missing there", async () => {
  await using dir = await tempDir();
  const env = (name: string) => name === "KUBEBUILDER_ASSETS" ? dir.path : undefined;
  const progress = () => {};
  assert.deepEqual(await findPrograms({ env, progress }), {
    unavailable: `KUBEBUILDER_ASSETS has no etcd: "${dir.path}"`,
  });
  await dir.write("etcd", "");
  await dir.write("kube-apiserver", "");
  const programs = await findPrograms({ env, progress });
  assert.ok("command" in programs);
  assert.deepEqual(programs.command("etcd"), [`${dir.path}/etcd`]);
  assert.equal(programs.origin, dir.path);
  assert.ok(!programs.hasControllerManager);
});

Deno.test("findPrograms() needs a place for its build", async () => {
  const found = await findPrograms({ env: () => undefined, progress: () => {} });
  assert.deepEqual(found, { unavailable: "neither XDG_CACHE_HOME nor HOME is set" });
});

Deno.test("openControlPlane() reads a kubeconfig in YAML with inline and relative files", async () => {
  await using dir = await tempDir();
  await dir.write("jane.crt", "certificate");
  const path = await dir.write(
    "config",
    `
current-context: b
contexts:
- { name: a, context: { cluster: none, user: none } }
- { name: b, context: { cluster: c, user: jane } }
clusters:
- { name: c, cluster: { server: "https://kube.example:6443/", certificate-authority-data: ${
      btoa("authority")
    } } }
users:
- { name: jane, user: { client-certificate: jane.crt, client-key-data: ${btoa("key")} } }
`,
  );
  const { admin, nobody, etcdUrl } = await openControlPlane(path);
  assert.deepEqual({ ...admin }, {
    url: "https://kube.example:6443",
    caPem: "authority",
    token: undefined,
    certificatePem: "certificate",
    privateKeyPem: "key",
  });
  assert.deepEqual([nobody, etcdUrl], [undefined, undefined]);
});

Deno.test("applyRbac() refuses what has nothing to do with RBAC", async () => {
  await using server = await startKubeServer();
  const yaml = "apiVersion: v1\nkind: Pod\nmetadata: { name: p, namespace: default }\n";
  await assert.rejects(applyRbac(server, yaml), TypeError);
  assert.equal(server.requests.length, 0);
});

Deno.test("testNamespace() is gone after the test", async () => {
  await using server = await startKubeServer();
  let name = "";
  {
    await using namespace = await testNamespace(server);
    name = namespace.name;
    const { status } = await plainRequest(server, { path: `/api/v1/namespaces/${name}` });
    assert.equal(status, 200);
  }
  const { status } = await plainRequest(server, { path: `/api/v1/namespaces/${name}` });
  assert.equal(status, 404);
});

Deno.test({
  name: "startControlPlane() runs a plane of its own",
  ignore: !hasPrograms,
  async fn(t) {
    const plane = await startControlPlane();
    assert.ok(!("unavailable" in plane));
    const { servers, admin } = plane;
    try {
      await t.step("its version is the one of go.mod", async () => {
        const { text } = await plainRequest(admin, { path: "/version" });
        const module = await Deno.readTextFile(new URL("../controlplane/go.mod", import.meta.url));
        assert.match(module, new RegExp(`k8s.io/kubernetes ${JSON.parse(text).gitVersion}\\s`));
      });
      await t.step("its kubeconfig opens it, with users of all kinds", async () => {
        const { admin, nobody } = await openControlPlane(plane.kubeconfigPath);
        assert.ok(nobody !== undefined);
        const path = "/api/v1/secrets";
        assert.equal((await plainRequest(admin, { path })).status, 200);
        assert.equal((await plainRequest(nobody, { path })).status, 403);
        const certificate = { ...admin, token: undefined, ...servers.adminCertificate };
        assert.equal((await plainRequest(certificate, { path })).status, 200);
      });
      await t.step({
        name: "its controllers make pods of a deployment",
        ignore: !plane.hasControllers,
        fn: async () => {
          const path = "/apis/apps/v1/namespaces/default/deployments";
          await plainRequest(admin, { path, method: "POST", body: deployment() });
          await eventually("a pod", async () => {
            const { text } = await plainRequest(admin, {
              path: "/api/v1/namespaces/default/pods?labelSelector=app%3Dx",
            });
            return JSON.parse(text).items.length === 1;
          });
        },
      });
      await t.step("compaction expires pages and watches", async () => {
        assert.ok(plane.etcdUrl !== undefined);
        // Only a resource whose cache is younger than the compaction has nothing left to serve it from.
        await plainRequest(admin, {
          path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
          method: "POST",
          body: definition(),
        });
        const base = "/apis/plane.example/v1/gadgets";
        await eventually(
          "the resource is served",
          async () => (await plainRequest(admin, { path: base })).status === 200,
        );
        await compactEtcd(plane.etcdUrl);
        const token = continueToken();
        const page = await plainRequest(admin, { path: `${base}?limit=1&continue=${token}` });
        const { code, reason, message, metadata } = JSON.parse(page.text);
        assert.deepEqual([code, reason], [410, "Expired"]);
        assert.equal(typeof metadata.continue, "string");
        assert.equal(message, await expiredMessageOfFake());
        const watch = await plainLines(admin, {
          path: `${base}?watch=true&resourceVersion=2`,
          isEnough: () => false,
        });
        const event = JSON.parse(watch.lines[0] ?? "");
        assert.deepEqual([event.type, event.object.code, event.object.reason], [
          "ERROR",
          410,
          "Expired",
        ]);
      });
      await t.step("its API server stops and starts with its state kept", async () => {
        await servers.stopApiServer("SIGKILL");
        await assert.rejects(plainRequest(admin, { path: "/version" }));
        await servers.startApiServer();
        const { status } = await plainRequest(admin, {
          path: "/api/v1/namespaces/default",
        });
        assert.equal(status, 200);
      });
    } finally {
      await plane.stop();
    }
    await assert.rejects(Deno.stat(servers.directory), Deno.errors.NotFound);
    await assert.rejects(plainRequest(admin, { path: "/version" }));
  },
});

async function isAvailable(): Promise<boolean> {
  const progress = (line: string) => {
    Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
  };
  const programs = await findPrograms({ env: (name) => Deno.env.get(name), progress });
  return !("unavailable" in programs);
}

async function expiredMessageOfFake(): Promise<string> {
  await using server = await startKubeServer();
  server.compact();
  const path = `/api/v1/secrets?continue=${continueToken()}`;
  return JSON.parse((await plainRequest(server, { path })).text).message;
}

/** A token of revision 2, in the form that the real server gives out. */
function continueToken(): string {
  const token = { v: "meta.k8s.io/v1", rv: 2, start: "a/b\u0000" };
  return btoa(JSON.stringify(token)).replaceAll("=", "");
}

function deployment() {
  return {
    metadata: { name: "d" },
    spec: {
      selector: { matchLabels: { app: "x" } },
      template: {
        metadata: { labels: { app: "x" } },
        spec: { containers: [{ name: "c", image: "i" }] },
      },
    },
  };
}

function definition() {
  return {
    metadata: { name: "gadgets.plane.example" },
    spec: {
      group: "plane.example",
      scope: "Namespaced",
      names: { plural: "gadgets", kind: "Gadget" },
      versions: [{
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        },
      }],
    },
  };
}
