/** Reading objects and collections. */

import type { Clock } from "#lib/run/clock.ts";
import type { Calls } from "./calls.ts";
import type { KubeReader } from "./contract.ts";
import { listPages, listWhole } from "./list.ts";
import type { GetOptions, ListOptions } from "./operations.ts";
import type { KubeList, KubeObject, ObjectRef } from "./types.ts";

/** Reads by the calls of a client. */
export function createReader(calls: Calls, { clock }: { readonly clock: Clock }): KubeReader {
  async function* pages<T extends KubeObject>(
    ref: ObjectRef,
    options: ListOptions = {},
  ): AsyncGenerator<KubeList<T>, void, void> {
    const target = await calls.resolve(ref);
    for await (const page of listPages<T>(calls.requester, target, options)) yield page.list;
  }
  return {
    async get<T extends KubeObject>(ref: ObjectRef, options: GetOptions = {}): Promise<T> {
      return await calls.item<T>("get", "GET", ref, {
        options,
        query: { resourceVersion: options.resourceVersion },
      });
    },
    async list<T extends KubeObject>(
      ref: ObjectRef,
      options: ListOptions = {},
    ): Promise<KubeList<T>> {
      const target = await calls.resolve(ref);
      return (await listWhole<T>(calls.requester, target, { ...options, clock })).list;
    },
    listPages: pages,
    async *listAll<T extends KubeObject>(
      ref: ObjectRef,
      options: ListOptions = {},
    ): AsyncGenerator<T, void, void> {
      for await (const page of pages<T>(ref, options)) yield* page.items;
    },
  };
}
