/** From a request to its answer: record, faults, authentication, authorization, then the verb. */

import type { User } from "#tests/support/kube_server/access.ts";
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
