/** From a request to its answer: record, faults, authentication, authorization, then the verb. */

import type { Attributes, User } from "#tests/support/kube_server/access.ts";
import { broken, discover } from "#tests/support/kube_server/discovery.ts";
import type { Exchange } from "#tests/support/kube_server/exchange.ts";
import { runFault } from "#tests/support/kube_server/fault_answers.ts";
import type { Fault } from "#tests/support/kube_server/faults.ts";
import {
  answerObject,
  answerReview,
  answerSubresource,
  namespaceOf,
  type Request,
} from "#tests/support/kube_server/resource_requests.ts";
import type { ServerState } from "#tests/support/kube_server/state.ts";
import * as status from "#tests/support/kube_server/status.ts";
import { targetOf } from "#tests/support/kube_server/target.ts";
import { startWatch } from "#tests/support/kube_server/watches.ts";

/** The real server's limit of a body. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;
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
  const resource = target.resource +
    (target.subresource === "" ? "" : `/${target.subresource}`);
  const attributes = { ...target, resource, name: target.name || selectedName(query) };
  const faults = state.faults.take({
    target,
    method: exchange.method,
    rawTarget: exchange.rawTarget,
    userName: nameOrNone(state, { exchange, attributes }),
  });
  record.body = await exchange.body();
  if (record.body.length > MAX_BODY_BYTES) {
    throw new status.StatusError({
      code: 413,
      reason: "RequestEntityTooLarge",
      message: `Request entity too large: limit is ${MAX_BODY_BYTES}`,
    });
  }
  for (const fault of faults) {
    if (await runFault(fault, { exchange, timers: state.timers })) return;
  }
  const user = authenticate(state, { exchange, attributes });
  state.access.authorize(user, attributes);
  dispatch(state, {
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

/** As the real server does: a selector of one name counts as that name, so that rules with names cover lists. */
function selectedName(query: URLSearchParams): string {
  return /(?:^|,)metadata\.name==?([^,!]+)/.exec(query.get("fieldSelector") ?? "")?.[1] ?? "";
}

function dispatch(state: ServerState, request: Request): void {
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
  if (resource.group === "" && resource.resource === "endpoints") {
    exchange.warn("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice");
  }
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
  answerObject(state, { ...request, resource });
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

interface Asking {
  readonly exchange: Exchange;
  readonly attributes: Attributes;
}

function authenticate(state: ServerState, { exchange, attributes }: Asking): User {
  return state.access.authenticate({
    authorization: exchange.header("authorization"),
    certificate: exchange.certificateSubject(),
    impersonate: impersonated(exchange),
  }, attributes);
}

/** The user of the impersonation headers; each line of a group or an extra value is one value. */
function impersonated(exchange: Exchange): User | undefined {
  const name = exchange.header("impersonate-user");
  const groups = exchange.headerValues("impersonate-group");
  const uid = exchange.header("impersonate-uid");
  const extra: Record<string, string[]> = {};
  for (const [header, value] of exchange.headerLines) {
    const key = /^impersonate-extra-(.+)$/i.exec(header)?.[1];
    if (key !== undefined) (extra[decodeURIComponent(key.toLowerCase())] ??= []).push(value);
  }
  const hasExtra = Object.keys(extra).length > 0;
  if (name === undefined) {
    if (groups.length === 0 && uid === undefined && !hasExtra) return undefined;
    throw status.badRequest("requested impersonation without impersonating a user name");
  }
  return { name, groups, uid, ...(hasExtra ? { extra } : {}) };
}

function nameOrNone(state: ServerState, asking: Asking): string {
  try {
    return authenticate(state, asking).name;
  } catch (error) {
    if (error instanceof status.StatusError) return "";
    throw error;
  }
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
