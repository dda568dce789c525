/** What all operations have in common: from a reference and a body to one request and its JSON. */

import type { Discovery } from "./discovery.ts";
import type { WriteOptions } from "./operations.ts";
import type { ApiRequest, Requester } from "./requester.ts";
import type { ObjectRef, ResourceRef, Verb } from "./types.ts";

/** An object as it is sent. */
export type Body = Readonly<Record<string, unknown>>;

/** A request with a body. */
export interface Write {
  readonly object: Body | readonly unknown[];
  readonly options: WriteOptions;
  /** `application/json` by default. */
  readonly contentType?: string;
  /** A second verb that the request needs. */
  readonly also?: Verb;
  /** Of server-side apply. */
  readonly force?: boolean | undefined;
}

/** Calls of one client. */
export class Calls {
  readonly requester: Requester;
  readonly #discovery: Pick<Discovery, "byKind">;

  constructor(requester: Requester, discovery: Pick<Discovery, "byKind">) {
    this.requester = requester;
    this.#discovery = discovery;
  }

  /** The resource of a reference, which discovery finds for one by kind. */
  async resolve(ref: ObjectRef): Promise<ResourceRef> {
    if ("resource" in ref) return ref;
    const { namespace, name, subresource } = ref;
    const { group, version, resource } = await this.#discovery.byKind(ref.apiVersion, ref.kind);
    return { group, version, resource, namespace, name, subresource };
  }

  /** A request about one object. @throws {TypeError} without a name */
  async item<T>(
    verb: Verb,
    method: string,
    ref: ObjectRef,
    rest: Pick<ApiRequest, "query" | "body" | "options">,
  ): Promise<T> {
    const target = await this.resolve(ref);
    requireName(verb, target);
    return await this.json<T>({ target: { ref: target, verb }, method, ...rest });
  }

  /** A request that sends an object or a patch. @throws {TypeError} without a name, but for `create` */
  async write<T>(verb: Verb, method: string, ref: ObjectRef, write: Write): Promise<T> {
    const { options, object, contentType, also, force } = write;
    const target = await this.resolve(ref);
    if (verb !== "create") requireName(verb, target);
    // A create goes to the collection; only subresources are created below a name.
    const place = verb === "create" && target.subresource === undefined
      ? { ...target, name: undefined }
      : target;
    return await this.json<T>({
      target: { ref: place, verb, also },
      method,
      query: {
        dryRun: options.dryRun === true ? "All" : undefined,
        fieldManager: options.fieldManager,
        fieldValidation: options.fieldValidation ?? "Strict",
        force,
      },
      body: JSON.stringify(object),
      contentType,
      options,
    });
  }

  /** The answer's JSON. */
  async json<T>(request: ApiRequest): Promise<T> {
    return (await this.requester.json(request)).value as T;
  }
}

function requireName(verb: Verb, { name, resource }: ResourceRef): void {
  if (name === undefined) throw new TypeError(`Cannot ${verb} ${resource}: no name given`);
}
