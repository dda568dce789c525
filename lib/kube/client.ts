/** The Kubernetes client: each operation as one request, nothing cached but what informers hold. */

import { systemClock } from "#lib/run/clock.ts";
import { silentLogger } from "#lib/log/logger.ts";
import type { AccessReview, AccessRule } from "./access_review.ts";
import { reviewAccess } from "./access_review.ts";
import type {
  ApplyOptions,
  DeleteOptions,
  GetOptions,
  Informer,
  InformerOptions,
  KubeClient,
  KubeClientOptions,
  ListOptions,
  LogOptions,
  LogStream,
  Patch,
  RawAnswer,
  RawOptions,
  RequestOptions,
  Selection,
  ServerVersion,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./contract.ts";
import { connect } from "./connect.ts";
import { Discovery } from "./discovery.ts";
import { InformerRegistry } from "./informer/registry.ts";
import { listPages, listWhole } from "./list.ts";
import { noKubeMetrics } from "./metrics.ts";
import { openLog } from "./pod_log.ts";
import { RateLimiter } from "./rate_limit.ts";
import { type ApiRequest, Requester } from "./requester.ts";
import { formatLabelSelector } from "./selectors.ts";
import type { Transport } from "./transport/contract.ts";
import type { KubeList, KubeObject, ObjectRef, ResourceRef, Status, Verb } from "./types.ts";
import { parseApiPath } from "./url.ts";
import { openWatch } from "./watch.ts";

/** Makes a client; nothing is dialled before its first request. */
export function createKubeClient(options: KubeClientOptions): KubeClient {
  return new Client(options);
}

type Body = Readonly<Record<string, unknown>>;

const PATCH_TYPES = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
} as const;
const APPLY_TYPE = "application/apply-patch+yaml";

class Client implements KubeClient {
  readonly namespace: string;
  readonly discovery: Discovery;
  readonly #transport: Transport;
  readonly #requester: Requester;
  readonly #informers: InformerRegistry;
  readonly #fieldManager: string;
  readonly #clock: NonNullable<KubeClientOptions["clock"]>;
  readonly #random: () => number;

  constructor(options: KubeClientOptions) {
    const { clock = systemClock, random = Math.random } = options;
    const { logger = silentLogger, metrics = noKubeMetrics } = options;
    const connection = connect({ ...options, clock, logger, metrics });
    this.namespace = options.config?.namespace ?? "default";
    this.#transport = connection.transport;
    this.#fieldManager = options.fieldManager ?? "kcfg";
    this.#clock = clock;
    this.#random = random;
    this.#requester = new Requester({
      transport: connection.transport,
      scope: options.scope,
      limiter: new RateLimiter({ qps: options.qps ?? 20, burst: options.burst ?? 40, clock }),
      clock,
      random,
      logger,
      metrics,
      headers: { "user-agent": options.userAgent ?? "kcfg", ...connection.headers },
      requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
      compress: options.config?.disableCompression !== true,
      hideApiWarnings: options.hideApiWarnings ?? false,

      traceBodies: options.traceBodies ?? false,
    });
    this.discovery = new Discovery({ requester: this.#requester, clock, logger });
    this.#informers = new InformerRegistry({
      requester: this.#requester,
      resolve: (ref) => this.#resolve(ref),
      clock,
      random,
      logger,
      metrics,
    });
  }

  async get<T extends KubeObject>(ref: ObjectRef, options: GetOptions = {}): Promise<T> {
    return await this.#item<T>("get", "GET", ref, {
      options,
      query: { resourceVersion: options.resourceVersion },
    });
  }

  async list<T extends KubeObject>(
    ref: ObjectRef,
    options: ListOptions = {},
  ): Promise<KubeList<T>> {
    const target = await this.#resolve(ref);
    return (await listWhole<T>(this.#requester, target, { ...options, clock: this.#clock })).list;
  }

  async *listPages<T extends KubeObject>(
    ref: ObjectRef,
    options: ListOptions = {},
  ): AsyncGenerator<KubeList<T>, void, void> {
    const target = await this.#resolve(ref);
    for await (const page of listPages<T>(this.#requester, target, options)) yield page.list;
  }

  async *listAll<T extends KubeObject>(
    ref: ObjectRef,
    options: ListOptions = {},
  ): AsyncGenerator<T, void, void> {
    for await (const page of this.listPages<T>(ref, options)) yield* page.items;
  }

  async *watch<T extends KubeObject>(
    ref: ObjectRef,
    options: WatchOptions = {},
  ): AsyncGenerator<WatchEvent<T>, void, void> {
    const target = await this.#resolve(ref);
    const { batches } = await openWatch<T>(this.#requester, target, {
      ...options,
      clock: this.#clock,
      random: this.#random,
    });
    for await (const batch of batches) for (const { event } of batch) yield event;
  }

  informer<T extends KubeObject>(options: InformerOptions): Informer<T> {
    const { resource, fieldSelector } = options;
    if ("resource" in resource) {
      // Told here and not by a loop that could never succeed.
      const verbs: Verb[] = options.mode === "watch-list" ? ["watch"] : ["list", "watch"];
      for (const verb of verbs) {
        this.#requester.checkScope({ ref: resource, verb }, { fieldSelector });
      }
    }
    return this.#informers.informer<T>(options);
  }

  async create<T extends KubeObject>(
    ref: ObjectRef,
    object: Body,
    options: WriteOptions = {},
  ): Promise<T> {
    return await this.#write<T>("create", "POST", ref, { object, options });
  }

  async update<T extends KubeObject>(
    ref: ObjectRef,
    object: Body,
    options: WriteOptions = {},
  ): Promise<T> {
    return await this.#write<T>("update", "PUT", ref, { object, options });
  }

  async patch<T extends KubeObject>(
    ref: ObjectRef,
    patch: Patch,
    options: WriteOptions = {},
  ): Promise<T> {
    return await this.#write<T>("patch", "PATCH", ref, {
      object: patch.body,
      options,
      contentType: PATCH_TYPES[patch.type],
    });
  }

  async apply<T extends KubeObject>(
    ref: ObjectRef,
    object: Body,
    options: ApplyOptions = {},
  ): Promise<T> {
    return await this.#write<T>("patch", "PATCH", ref, {
      object,
      also: "create",
      contentType: APPLY_TYPE,
      options: { ...options, fieldManager: options.fieldManager ?? this.#fieldManager },
      // Unforced is the server's default; `force` is refused for other patches.
      force: options.force === true ? true : undefined,
    });
  }

  async delete(
    ref: ObjectRef,
    options: DeleteOptions = {},
  ): Promise<KubeObject | Status | undefined> {
    return await this.#item("delete", "DELETE", ref, { options, body: deleteBody(options) });
  }

  async deleteCollection(
    ref: ObjectRef,
    options: DeleteOptions & Selection = {},
  ): Promise<void> {
    const { labelSelector, fieldSelector } = options;
    await this.#json({
      target: { ref: await this.#resolve(ref), verb: "deletecollection" },
      method: "DELETE",
      query: {
        labelSelector: labelSelector && formatLabelSelector(labelSelector),
        fieldSelector,
      },
      body: deleteBody(options),
      options,
    });
  }

  async getSubresource<T>(
    ref: ObjectRef,
    subresource: string,
    options: GetOptions = {},
  ): Promise<T> {
    return await this.#item<T>("get", "GET", { ...ref, subresource }, { options });
  }

  async updateStatus<T extends KubeObject>(
    ref: ObjectRef,
    object: Body,
    options: WriteOptions = {},
  ): Promise<T> {
    return await this.update<T>({ ...ref, subresource: "status" }, object, options);
  }

  async patchStatus<T extends KubeObject>(
    ref: ObjectRef,
    patch: Patch,
    options: WriteOptions = {},
  ): Promise<T> {
    return await this.patch<T>({ ...ref, subresource: "status" }, patch, options);
  }

  async getScale(ref: ObjectRef, options: GetOptions = {}): Promise<KubeObject> {
    return await this.getSubresource<KubeObject>(ref, "scale", options);
  }

  async updateScale(
    ref: ObjectRef,
    scale: Body,
    options: WriteOptions = {},
  ): Promise<KubeObject> {
    return await this.update({ ...ref, subresource: "scale" }, scale, options);
  }

  async evict(
    pod: { readonly namespace: string; readonly name: string },
    options: DeleteOptions = {},
  ): Promise<void> {
    const body = deleteBody(options);
    await this.#write("create", "POST", { ...PODS, ...pod, subresource: "eviction" }, {
      object: {
        apiVersion: "policy/v1",
        kind: "Eviction",
        metadata: { namespace: pod.namespace, name: pod.name },
        ...(body === undefined ? {} : { deleteOptions: JSON.parse(body) }),
      },
      options: { signal: options.signal, timeoutMs: options.timeoutMs, headers: options.headers },
    });
  }

  async createToken(
    account: { readonly namespace: string; readonly name: string },
    options: RequestOptions & {
      readonly audiences?: readonly string[];
      readonly expirationSeconds?: number;
    } = {},
  ): Promise<{ readonly token: string; readonly expirationTimestamp: string }> {
    const { audiences, expirationSeconds = 3600, ...rest } = options;
    const ref = { group: "", version: "v1", resource: "serviceaccounts", ...account };
    const answer = await this.#write<{
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
  }

  async logs(
    pod: { readonly namespace: string; readonly name: string },
    options: LogOptions = {},
  ): Promise<LogStream> {
    const { namespace, name } = pod;
    return await openLog(
      this.#requester,
      { ...PODS, namespace, name, subresource: "log" },
      options,
    );
  }

  async raw(method: string, path: string, options: RawOptions = {}): Promise<RawAnswer> {
    const { query = {}, body, contentType, accept } = options;
    const parsed = parseApiPath(method, path, query);
    const response = await this.#requester.send({
      target: parsed.kind === "other" ? { path: parsed.path } : parsed,
      method: method.toUpperCase(),
      query,
      body,
      contentType,
      accept,
      options,
    });
    const bytes = await response.bytes(RAW_MAX_BYTES);
    return { status: response.status, headers: response.headers, bytes };
  }

  async accessReview(
    rules: readonly AccessRule[],
    options: RequestOptions = {},
  ): Promise<AccessReview[]> {
    return await reviewAccess(this, rules, options);
  }

  async serverVersion(options: RequestOptions = {}): Promise<ServerVersion> {
    return await this.#json<ServerVersion>({
      target: { path: "/version" },
      method: "GET",
      options,
    });
  }

  async close(): Promise<void> {
    await this.#informers.close();
    await this.#transport.close();
  }

  async #resolve(ref: ObjectRef): Promise<ResourceRef> {
    if ("resource" in ref) return ref;
    const { namespace, name, subresource } = ref;
    const { group, version, resource } = await this.discovery.byKind(ref.apiVersion, ref.kind);
    return { group, version, resource, namespace, name, subresource };
  }

  async #item<T>(
    verb: Verb,
    method: string,
    ref: ObjectRef,
    rest: Pick<ApiRequest, "query" | "body" | "options">,
  ): Promise<T> {
    const target = await this.#resolve(ref);
    if (target.name === undefined) {
      throw new TypeError(`Cannot ${verb} ${target.resource}: no name given`);
    }
    return await this.#json<T>({ target: { ref: target, verb }, method, ...rest });
  }

  async #write<T>(verb: Verb, method: string, ref: ObjectRef, write: Write): Promise<T> {
    const { options, object, contentType, also, force } = write;
    const target = await this.#resolve(ref);
    if (verb !== "create" && target.name === undefined) {
      throw new TypeError(`Cannot ${verb} ${target.resource}: no name given`);
    }
    // A create goes to the collection; only subresources are created below a name.
    const place = verb === "create" && target.subresource === undefined
      ? { ...target, name: undefined }
      : target;
    return await this.#json<T>({
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

  async #json<T>(request: ApiRequest): Promise<T> {
    return (await this.#requester.json(request)).value as T;
  }
}

const PODS = { group: "", version: "v1", resource: "pods" } as const;
const RAW_MAX_BYTES = 512 * 1024 * 1024;

interface Write {
  readonly object: Body | readonly unknown[];
  readonly options: WriteOptions;
  readonly contentType?: string;
  readonly also?: Verb;
  readonly force?: boolean | undefined;
}

function deleteBody(options: DeleteOptions): string | undefined {
  const { propagationPolicy, gracePeriodSeconds, preconditions, dryRun } = options;
  const set = { propagationPolicy, gracePeriodSeconds, preconditions };
  const isSet = Object.values(set).some((value) => value !== undefined) || dryRun === true;
  if (!isSet) return undefined;
  const dryRunAll = dryRun === true ? { dryRun: ["All"] } : {};
  return JSON.stringify({ apiVersion: "v1", kind: "DeleteOptions", ...set, ...dryRunAll });
}
