/** Writing objects. */

import type { Body, Calls } from "./calls.ts";
import type { KubeWriter } from "./contract.ts";
import type { ApplyOptions, DeleteOptions, Patch, Selection, WriteOptions } from "./operations.ts";
import { formatLabelSelector } from "./selectors.ts";
import type { KubeObject, ObjectRef, Status } from "./types.ts";

const PATCH_TYPES = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
} as const;
const APPLY_TYPE = "application/apply-patch+yaml";

/** Writes by the calls of a client; `fieldManager` is the one of `apply` by default. */
export function createWriter(
  calls: Calls,
  { fieldManager }: { readonly fieldManager: string },
): KubeWriter {
  return {
    async create<T extends KubeObject>(
      ref: ObjectRef,
      object: Body,
      options: WriteOptions = {},
    ): Promise<T> {
      return await calls.write<T>("create", "POST", ref, { object, options });
    },
    async update<T extends KubeObject>(
      ref: ObjectRef,
      object: Body,
      options: WriteOptions = {},
    ): Promise<T> {
      return await calls.write<T>("update", "PUT", ref, { object, options });
    },
    async patch<T extends KubeObject>(
      ref: ObjectRef,
      patch: Patch,
      options: WriteOptions = {},
    ): Promise<T> {
      return await calls.write<T>("patch", "PATCH", ref, {
        object: patch.body,
        options,
        contentType: PATCH_TYPES[patch.type],
      });
    },
    async apply<T extends KubeObject>(
      ref: ObjectRef,
      object: Body,
      options: ApplyOptions = {},
    ): Promise<T> {
      return await calls.write<T>("patch", "PATCH", ref, {
        object,
        also: "create",
        contentType: APPLY_TYPE,
        options: { ...options, fieldManager: options.fieldManager ?? fieldManager },
        // Unforced is the server's default; `force` is refused for other patches.
        force: options.force === true ? true : undefined,
      });
    },
    async delete(
      ref: ObjectRef,
      options: DeleteOptions = {},
    ): Promise<KubeObject | Status | undefined> {
      return await calls.item("delete", "DELETE", ref, { options, body: deleteBody(options) });
    },
    async deleteCollection(
      ref: ObjectRef,
      options: DeleteOptions & Selection = {},
    ): Promise<void> {
      const { labelSelector, fieldSelector } = options;
      await calls.json({
        target: { ref: await calls.resolve(ref), verb: "deletecollection" },
        method: "DELETE",
        query: {
          labelSelector: labelSelector && formatLabelSelector(labelSelector),
          fieldSelector,
        },
        body: deleteBody(options),
        options,
      });
    },
  };
}

/** The body of a deletion; `undefined` when no option is set. */
export function deleteBody(options: DeleteOptions): string | undefined {
  const { propagationPolicy, gracePeriodSeconds, preconditions, dryRun } = options;
  const set = { propagationPolicy, gracePeriodSeconds, preconditions };
  const isSet = Object.values(set).some((value) => value !== undefined) || dryRun === true;
  if (!isSet) return undefined;
  const dryRunAll = dryRun === true ? { dryRun: ["All"] } : {};
  return JSON.stringify({ apiVersion: "v1", kind: "DeleteOptions", ...set, ...dryRunAll });
}
