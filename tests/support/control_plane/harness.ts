/**
 * What tests do around the client under test, by plain HTTP: throw-away namespaces, RBAC from YAML, tokens
 * of service accounts, compaction. Works on the real control plane and on the fake server alike.
 */

import { loadAll } from "js-yaml";
import {
  type Endpoint,
  type PlainRequest,
  plainRequest,
  type PlainResponse,
} from "#tests/support/control_plane/http.ts";

/** A namespace that is deleted when the test ends. */
export interface TestNamespace extends AsyncDisposable {
  readonly name: string;
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  /** Of a `List`. */
  readonly items?: readonly Manifest[];
}

/** Plural names of what RBAC output contains. */
const PLURALS: Readonly<Record<string, string>> = {
  Namespace: "namespaces",
  ServiceAccount: "serviceaccounts",
  Role: "roles",
  RoleBinding: "rolebindings",
  ClusterRole: "clusterroles",
  ClusterRoleBinding: "clusterrolebindings",
};

/** Makes a namespace with a name of its own; its deletion is started, not awaited. */
export async function testNamespace(admin: Endpoint): Promise<TestNamespace> {
  const { text } = await succeed(admin, {
    method: "POST",
    path: "/api/v1/namespaces",
    body: { metadata: { generateName: "kcfg-test-" } },
  });
  const { metadata: { name } } = JSON.parse(text) as Manifest;
  return {
    name,
    async [Symbol.asyncDispose]() {
      await succeed(admin, { method: "DELETE", path: `/api/v1/namespaces/${name}` });
    },
  };
}

/** Sends a body, a PATCH as a merge patch; rejects unless it succeeds. */
export function writer(
  admin: Endpoint,
): (method: string, path: string, body?: unknown) => Promise<void> {
  return async (method, path, body) => {
    const contentType = "application/merge-patch+json";
    await succeed(admin, { method, path, body, ...(method === "PATCH" && { contentType }) });
  };
}

/**
 * Applies the documents of a YAML or JSON text by server-side apply, in their order: what `--print-rbac` prints.
 * Returns what was applied; `remove` takes the cluster-scoped part away again. With `dryRun` the server
 * checks everything and keeps nothing.
 *
 * @throws {TypeError} for a kind that has nothing to do with RBAC
 */
export async function applyRbac(
  admin: Endpoint,
  yaml: string,
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): Promise<{ readonly applied: readonly string[]; remove(): Promise<void> }> {
  const manifests = (loadAll(yaml) as (Manifest | undefined)[])
    .filter((document) => document !== undefined && document !== null)
    .flatMap((document) => document.kind === "List" ? document.items ?? [] : [document]);
  const paths: string[] = [];
  for (const manifest of manifests) {
    const path = pathOf(manifest);
    await succeed(admin, {
      method: "PATCH",
      path: `${path}?fieldManager=kcfg-test&force=true${dryRun ? "&dryRun=All" : ""}`,
      body: manifest,
      contentType: "application/apply-patch+yaml",
    });
    if (!dryRun) paths.push(path);
  }
  return {
    applied: manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`),
    async remove() {
      for (const path of paths.filter((path) => !path.includes("/namespaces/")).reverse()) {
        await succeed(admin, { method: "DELETE", path });
      }
    },
  };
}

/** A token of a service account, valid for ten minutes; whoever has it has what RBAC gives it. */
export async function createToken(
  admin: Endpoint,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<string> {
  const { text } = await succeed(admin, {
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    body: { spec: { expirationSeconds: 600 } },
  });
  return (JSON.parse(text) as { readonly status: { readonly token: string } }).status.token;
}

/** Makes etcd forget all revisions before the newest one; for the real plane of our own. */
export async function compactEtcd(etcdUrl: string): Promise<void> {
  const headers = { "content-type": "application/json" };
  const range = await plainRequest({ url: etcdUrl }, {
    method: "POST",
    path: "/v3/kv/range",
    headers,
    body: { key: "AA==" },
  });
  const { header } = JSON.parse(range.text) as { readonly header: { readonly revision: string } };
  await succeed({ url: etcdUrl }, {
    method: "POST",
    path: "/v3/kv/compaction",
    headers,
    body: { revision: header.revision, physical: true },
  });
}

async function succeed(endpoint: Endpoint, request: PlainRequest): Promise<PlainResponse> {
  const answer = await plainRequest(endpoint, request);
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw new Error(
    `Cannot ${request.method} "${request.path}": server answered ${answer.status}: ${answer.text}`,
  );
}

function pathOf({ apiVersion, kind, metadata }: Manifest): string {
  const plural = PLURALS[kind];
  if (plural === undefined) throw new TypeError(`Cannot apply kind "${kind}": not part of RBAC`);
  const root = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
  const scope = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
  return `${root}${scope}/${plural}/${metadata.name}`;
}
