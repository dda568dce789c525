/** A Service's slices on a real API server, written by a bare client; gone with the measurement. */

import { openControlPlane } from "../../tests/support/control_plane.ts";
import { testNamespace } from "../../tests/support/control_plane/harness.ts";
import { Bare, type Target } from "../kube/bare.ts";

/** A namespace with slices of the Service `web`. */
export interface BenchService extends AsyncDisposable {
  readonly namespace: string;
  readonly server: Target;
  readonly writer: Bare;
  /** Path of the slices. */
  readonly path: string;
  /** Creates a slice with so many endpoints. */
  create(name: string, endpoints: number): Promise<void>;
  /** Gives a slice so many endpoints. */
  resize(name: string, endpoints: number): Promise<void>;
}

/** Makes the namespace. */
export async function benchService(kubeconfig: string): Promise<BenchService> {
  const { admin } = await openControlPlane(kubeconfig);
  const namespace = await testNamespace(admin);
  const server = { url: admin.url, caPem: admin.caPem ?? "", token: admin.token };
  const writer = new Bare(server);
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace.name}/endpointslices`;
  let slices = 0;
  const numbers = new Map<string, number>();
  const endpointsOf = (name: string, count: number) =>
    Array.from({ length: count }, (_, at) => ({
      addresses: [`10.64.${numbers.get(name)}.${at + 1}`],
      conditions: { ready: true },
      nodeName: `node-${at % 10}`,
      targetRef: { kind: "Pod", namespace: namespace.name, name: `${name}-${at}` },
    }));
  const send = async (method: string, to: string, type: string, body: unknown) => {
    const answer = await writer.json(to, {
      method,
      body: JSON.stringify(body),
      headers: { "content-type": type },
    });
    if (answer["kind"] === "Status") throw new Error(JSON.stringify(answer));
  };
  return {
    namespace: namespace.name,
    ...{ server, writer, path },
    async create(name, endpoints) {
      numbers.set(name, slices++);
      await send("POST", path, "application/json", {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: { name, labels: { "kubernetes.io/service-name": "web" } },
        addressType: "IPv4",
        ports: [{ name: "grpc", port: 50051 }],
        endpoints: endpointsOf(name, endpoints),
      });
    },
    async resize(name, endpoints) {
      const body = { endpoints: endpointsOf(name, endpoints) };
      await send("PATCH", `${path}/${name}`, "application/merge-patch+json", body);
    },
    async [Symbol.asyncDispose]() {
      writer.close();
      await namespace[Symbol.asyncDispose]();
    },
  };
}
