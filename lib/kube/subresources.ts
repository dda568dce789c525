/** Subresources with a name of their own. */

import type { Body, Calls } from "./calls.ts";
import type { KubeSubresources, KubeWriter } from "./contract.ts";
import type {
  DeleteOptions,
  GetOptions,
  LogOptions,
  LogStream,
  Patch,
  RequestOptions,
  WriteOptions,
} from "./operations.ts";
import { openLog } from "./pod_log.ts";
import type { KubeObject, ObjectRef } from "./types.ts";
import { deleteBody } from "./writing.ts";

const PODS = { group: "", version: "v1", resource: "pods" } as const;

/** Reads and writes them by the calls of a client. */
export function createSubresources(
  calls: Calls,
  writer: Pick<KubeWriter, "update" | "patch">,
): KubeSubresources {
  async function getSubresource<T>(
    ref: ObjectRef,
    subresource: string,
    options: GetOptions = {},
  ): Promise<T> {
    return await calls.item<T>("get", "GET", { ...ref, subresource }, { options });
  }
  return {
    getSubresource,
    async updateStatus<T extends KubeObject>(
      ref: ObjectRef,
      object: Body,
      options: WriteOptions = {},
    ): Promise<T> {
      return await writer.update<T>({ ...ref, subresource: "status" }, object, options);
    },
    async patchStatus<T extends KubeObject>(
      ref: ObjectRef,
      patch: Patch,
      options: WriteOptions = {},
    ): Promise<T> {
      return await writer.patch<T>({ ...ref, subresource: "status" }, patch, options);
    },
    async getScale(ref: ObjectRef, options: GetOptions = {}): Promise<KubeObject> {
      return await getSubresource<KubeObject>(ref, "scale", options);
    },
    async updateScale(
      ref: ObjectRef,
      scale: Body,
      options: WriteOptions = {},
    ): Promise<KubeObject> {
      return await writer.update({ ...ref, subresource: "scale" }, scale, options);
    },
    async evict(
      pod: { readonly namespace: string; readonly name: string },
      options: DeleteOptions = {},
    ): Promise<void> {
      const body = deleteBody(options);
      await calls.write("create", "POST", { ...PODS, ...pod, subresource: "eviction" }, {
        object: {
          apiVersion: "policy/v1",
          kind: "Eviction",
          metadata: { namespace: pod.namespace, name: pod.name },
          ...(body === undefined ? {} : { deleteOptions: JSON.parse(body) }),
        },
        options: { signal: options.signal, timeoutMs: options.timeoutMs, headers: options.headers },
      });
    },
    async createToken(
      account: { readonly namespace: string; readonly name: string },
      options: RequestOptions & {
        readonly audiences?: readonly string[];
        readonly expirationSeconds?: number;
      } = {},
    ): Promise<{ readonly token: string; readonly expirationTimestamp: string }> {
      const { audiences, expirationSeconds = 3600, ...rest } = options;
      const ref = { group: "", version: "v1", resource: "serviceaccounts", ...account };
      const answer = await calls.write<{
        readonly status: { readonly token: string; readonly expirationTimestamp: string };
      }>("create", "POST", { ...ref, subresource: "token" }, {
        object: {
          apiVersion: "authentication.k8s.io/v1",
          kind: "TokenRequest",
          spec: { audiences, expirationSeconds },
        },
        options: rest,
      });
      return answer.status;
    },
    async logs(
      pod: { readonly namespace: string; readonly name: string },
      options: LogOptions = {},
    ): Promise<LogStream> {
      const { namespace, name } = pod;
      return await openLog(
        calls.requester,
        { ...PODS, namespace, name, subresource: "log" },
        options,
      );
    },
  };
}
