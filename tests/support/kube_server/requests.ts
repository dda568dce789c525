/** From a request to its answer: record, faults, authentication, authorization, then the verb. */

import type { Access, User } from "#tests/support/kube_server/access.ts";
import { deleteObject, deleteOptions } from "#tests/support/kube_server/deletion.ts";
import { broken, discover } from "#tests/support/kube_server/discovery.ts";
import type { Exchange } from "#tests/support/kube_server/exchange.ts";
import { runFault } from "#tests/support/kube_server/fault_answers.ts";
import type { Fault, FaultScript } from "#tests/support/kube_server/faults.ts";
import type { Json, JsonObject } from "#tests/support/kube_server/json.ts";
import { textAt } from "#tests/support/kube_server/json.ts";
import { listObjects } from "#tests/support/kube_server/lists.ts";
import * as objects from "#tests/support/kube_server/objects.ts";
import type { PodLogs } from "#tests/support/kube_server/pod_logs.ts";
import { type ResourceType, subresourceVerbs } from "#tests/support/kube_server/resources.ts";
import { requestToken, review } from "#tests/support/kube_server/reviews.ts";
import { readScale, writeScale } from "#tests/support/kube_server/scale.ts";
import * as status from "#tests/support/kube_server/status.ts";
import { type Target, targetOf } from "#tests/support/kube_server/target.ts";
import type { Timers } from "#tests/support/kube_server/timers.ts";
import type { ScriptedStreamFault } from "#tests/support/kube_server/watch_stream.ts";
import { type OpenWatch, startWatch } from "#tests/support/kube_server/watches.ts";
import { keyOf } from "#tests/support/kube_server/store.ts";

/** A request as it was seen. */
export interface RecordedRequest {
  readonly method: string;
  /** Without prefix and query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly rawTarget: string;
  /** Lines as sent, in their order. */
  readonly headerLines: readonly (readonly [string, string])[];
  readonly httpVersion: "1.1" | "2";
  readonly target: Target;
  /** Milliseconds of `performance.now()`. */
  readonly atMs: number;
  /** Empty until it was read, and for requests without one. */
  readonly body: string;
  /** Status answered so far; 0 before the headers. */
  readonly status: number;
}

/** Everything a request may touch. */
export interface ServerState {
  readonly world: objects.World;
  readonly access: Access;
  readonly faults: FaultScript;
  readonly timers: Timers;
  readonly logs: PodLogs;
  readonly watches: Set<OpenWatch>;
  readonly requests: RecordedRequest[];
  readonly brokenGroups: Set<string>;
  readonly hasAggregatedDiscovery: boolean;
  readonly pathPrefix: string;
  version: JsonObject;
  readonly maxBufferedBytes: number;
}

/** Oldest records are dropped beyond this. */
const MAX_RECORDED = 20_000;

/** Answers one request; never throws. */
export async function handle(state: ServerState, exchange: Exchange): Promise<void> {
  try {
    await answer(state, exchange);
  } catch (error) {
    const failure = error instanceof status.StatusError
      ? error
      : new status.StatusError({ code: 500, reason: "InternalError", message: String(error) });
    if (exchange.status === 0) {
      exchange.json(failure.parts.code, failure.body(), failure.parts.headers);
    } else exchange.end();
  }
}

interface Request {
  readonly exchange: Exchange;
  readonly target: Target;
  readonly query: URLSearchParams;
  readonly user: User;
  readonly body: string;
  readonly contentType: string;
  readonly streamFaults: readonly ScriptedStreamFault[];
}

async function answer(state: ServerState, exchange: Exchange): Promise<void> {
  const [pathWithPrefix = "", search = ""] = exchange.rawTarget.split("?", 2);
  const path = pathWithPrefix.startsWith(state.pathPrefix)
    ? pathWithPrefix.slice(state.pathPrefix.length)
    : undefined;
  const query = new URLSearchParams(search);
  const target = targetOf(exchange.method, { path: path ?? pathWithPrefix, query });
  const record = {
    method: exchange.method,
    path: target.path,
    query,
    rawTarget: exchange.rawTarget,
    headerLines: exchange.headerLines,
    httpVersion: exchange.httpVersion,
    target,
    atMs: performance.now(),
    body: "",
    get status() {
      return exchange.status;
    },
  };
  state.requests.push(record);
  if (state.requests.length > MAX_RECORDED) state.requests.shift();
  if (path === undefined) throw status.noSuchResource();
  const faults = state.faults.take({
    target,
    method: exchange.method,
    rawTarget: exchange.rawTarget,
    userName: nameOrNone(state, exchange),
  });
  record.body = await exchange.body();
  for (const fault of faults) {
    if (await runFault(fault, { exchange, timers: state.timers })) return;
  }
  const user = authenticate(state, exchange);
  const resource = target.resource +
    (target.subresource === "" ? "" : `/${target.subresource}`);
  state.access.authorize(user, { ...target, resource });
  await dispatch(state, {
    exchange,
    target,
    query,
    user,
    body: record.body,
    contentType: (exchange.header("content-type") ?? "").split(";")[0]?.trim() ?? "",
    streamFaults: faults.filter((fault): fault is Fault & { kind: "stream" } =>
      fault.kind === "stream"
    ),
  });
}

async function dispatch(state: ServerState, request: Request): Promise<void> {
  const { exchange, target } = request;
  if (target.resource === "") return answerPath(state, request);
  const resource = state.world.resources.find(target.group, target.version, target.resource);
  if (state.brokenGroups.has(`${target.group}/${target.version}`)) throw broken();
  if (resource === undefined) {
    const isKnown = state.world.resources.all().some(({ group, version }) =>
      group === target.group && version === target.version
    );
    if (isKnown) throw status.noSuchResource();
    return exchange.text(404, "404 page not found\n", { "content-type": "text/plain" });
  }
  checkAcceptable(exchange);
  if (resource.review) return answerReview(state, { ...request, resource });
  if (target.subresource !== "") return answerSubresource(state, { ...request, resource });
  if (target.verb === "watch") {
    return startWatch({
      store: state.world.store,
      timers: state.timers,
      open: state.watches,
      maxBufferedBytes: state.maxBufferedBytes,
    }, {
      collection: { resource, namespace: namespaceOf(request, resource) },
      query: request.query,
      exchange,
      script: request.streamFaults,
    });
  }
  await answerObject(state, { ...request, resource });
}

type ResourceRequest = Request & { readonly resource: ResourceType };

function answerObject({ world }: ServerState, request: ResourceRequest): void {
  const { exchange, target, query, resource } = request;
  const ref = { resource, namespace: namespaceOf(request, resource), name: target.name };
  const options = writeOptions(request);
  switch (target.verb) {
    case "get":
      checkNotInFuture(world, query);
      return exchange.json(200, objects.existing(world, ref));
    case "list":
      return exchange.json(
        200,
        listObjects(world.store, { resource, namespace: ref.namespace }, query),
      );
    case "create": {
      if (target.name !== "") throw status.methodNotAllowed();
      const body = parsed(request);
      return exchange.json(201, objects.createObject(world, { ref, body, options }));
    }
    case "update": {
      const body = parsed(request);
      return exchange.json(200, objects.updateObject(world, { ref, body, options }));
    }
    case "patch":
      if (target.name === "") throw status.methodNotAllowed();
      return answerPatch(world, { ...request, ref });
    case "delete":
      return exchange.json(
        200,
        deleteObject(world, { ref, options: deleteOptions(optionalBody(request), query) }),
      );
    case "deletecollection": {
      const deletion = deleteOptions(optionalBody(request), query);
      const list = listObjects(world.store, { resource, namespace: ref.namespace }, query);
      for (const item of list["items"] as JsonObject[]) {
        const [namespace = "", name = ""] = keyOf(item).split("/");
        deleteObject(world, { ref: { resource, namespace, name }, options: deletion });
      }
      return exchange.json(200, list);
    }
    default:
      throw status.methodNotAllowed();
  }
}

function answerPatch(
  world: objects.World,
  request: ResourceRequest & { readonly ref: Parameters<typeof objects.existing>[1] },
): void {
  const { exchange, query, body, contentType, ref } = request;
  objects.checkPatchType(ref, contentType);
  const isApply = contentType === "application/apply-patch+yaml";
  const force = query.get("force");
  if (isApply && (query.get("fieldManager") ?? "") === "") {
    throw status.invalidOptions("PatchOptions", {
      reason: "FieldValueRequired",
      message: "Required value: is required for apply patch",
      field: "fieldManager",
    });
  }
  if (!isApply && force !== null) {
    throw status.invalidOptions("PatchOptions", {
      reason: "FieldValueForbidden",
      message: "Forbidden: may not be specified for non-apply patch",
      field: "force",
    });
  }
  const { object, created } = objects.patchObject(world, {
    ref,
    options: {
      ...writeOptions(request),
      contentType,
      text: body,
      force: force === "true" || force === "1",
    },
  });
  exchange.json(created ? 201 : 200, object);
}

function answerSubresource(state: ServerState, request: ResourceRequest): void {
  const { exchange, target, query, resource, body, contentType } = request;
  const { world } = state;
  const ref = { resource, namespace: namespaceOf(request, resource), name: target.name };
  if (!resource.subresources.includes(target.subresource)) throw status.noSuchResource();
  if (!subresourceVerbs(target.subresource).includes(target.verb)) throw status.methodNotAllowed();
  const options = { ...writeOptions(request), subresource: target.subresource };
  switch (target.subresource) {
    case "log":
      return state.logs.serve(objects.existing(world, ref), { query, exchange });
    case "token":
      return exchange.json(
        201,
        requestToken(world, state.access, { ref, body: parsed(request) }),
      );
    case "eviction":
      deleteObject(world, { ref, options: deleteOptions({}, new URLSearchParams()) });
      return exchange.json(201, success(201));
    case "binding": {
      const pod = objects.existing(world, ref);
      const spec = { ...pod["spec"] as JsonObject };
      spec["nodeName"] = textAt(parsed(request), "target", "name");
      world.store.put(ref, { ...pod, spec });
      return exchange.json(201, success(201));
    }
    case "scale": {
      if (target.verb === "get") return exchange.json(200, readScale(world, ref));
      const isPatch = target.verb === "patch";
      const value = JSON.parse(body) as Json;
      return exchange.json(
        200,
        writeScale(world, { ref, body: value, contentType: isPatch ? contentType : "", options }),
      );
    }
    default:
      if (target.verb === "get") return exchange.json(200, objects.existing(world, ref));
      if (target.verb === "update") {
        return exchange.json(
          200,
          objects.updateObject(world, { ref, body: parsed(request), options }),
        );
      }
      return answerPatch(world, { ...request, ref });
  }
}

function answerReview(state: ServerState, request: ResourceRequest): void {
  const { exchange, target, resource, user } = request;
  if (target.verb !== "create") throw status.methodNotAllowed();
  const body = parsed(request);
  exchange.json(201, review(state.access, { resource, user, body, now: state.world }));
}

function answerPath(state: ServerState, { exchange, target }: Request): void {
  if (exchange.method !== "GET" && exchange.method !== "HEAD") throw status.methodNotAllowed();
  if (target.path === "/version") return exchange.json(200, state.version);
  if (/^\/(?:healthz|livez|readyz)$/.test(target.path)) {
    return exchange.text(200, "ok", { "content-type": "text/plain; charset=utf-8" });
  }
  const found = discover({
    resources: state.world.resources,
    brokenGroups: state.brokenGroups,
    hasAggregated: state.hasAggregatedDiscovery,
  }, { path: target.path, accept: exchange.header("accept") ?? "" });
  if (found === undefined) throw status.noSuchResource();
  exchange.json(200, found.document, { "content-type": found.contentType });
}

function authenticate(state: ServerState, exchange: Exchange): User {
  const name = exchange.header("impersonate-user");
  return state.access.authenticate({
    authorization: exchange.header("authorization"),
    certificate: exchange.certificateSubject(),
    impersonate: name === undefined
      ? undefined
      : { name, groups: exchange.headerValues("impersonate-group") },
  });
}

function nameOrNone(state: ServerState, exchange: Exchange): string {
  try {
    return authenticate(state, exchange).name;
  } catch (error) {
    if (error instanceof status.StatusError) return "";
    throw error;
  }
}

function namespaceOf({ target }: Request, resource: ResourceType): string {
  return resource.namespaced ? target.namespace : "";
}

function writeOptions({ exchange, query, target }: Request): objects.WriteOptions {
  const agent = (exchange.header("user-agent") ?? "unknown").split("/")[0] ?? "unknown";
  const dryRun = query.get("dryRun");
  if (dryRun !== null && dryRun !== "All") {
    const kinds: Readonly<Record<string, string>> = {
      create: "CreateOptions",
      update: "UpdateOptions",
      patch: "PatchOptions",
    };
    throw status.invalidOptions(kinds[target.verb] ?? "DeleteOptions", {
      reason: "FieldValueNotSupported",
      message: `Unsupported value: ["${dryRun}"]: supported values: "All"`,
      field: "dryRun",
    });
  }
  return {
    manager: query.get("fieldManager") || agent,
    subresource: target.subresource,
    isDryRun: dryRun === "All",
  };
}

function parsed({ body, contentType, resource }: ResourceRequest): JsonObject {
  return objects.parseBody(body, { contentType, kind: resource.kind });
}

function optionalBody(request: ResourceRequest): JsonObject {
  return request.body === "" ? {} : parsed(request);
}

function checkAcceptable(exchange: Exchange): void {
  const accept = exchange.header("accept") ?? "*/*";
  if (/\*\/\*|application\/(?:\*|json)|text\/plain/.test(accept)) return;
  throw new status.StatusError({
    code: 406,
    reason: "NotAcceptable",
    message: "406: Not Acceptable\n\nAvailable representations: application/json",
    details: {},
  });
}

function checkNotInFuture({ store }: objects.World, query: URLSearchParams): void {
  const text = query.get("resourceVersion") ?? "";
  if (Number(text) > store.revision) throw status.tooLargeResourceVersion(text, store.revision);
}

function success(code: number): JsonObject {
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code };
}
