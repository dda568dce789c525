/** How the application is told, and what counts as heard (reload.md 2.4, 2.7, 8.1). Pure. */

import { UsageError } from "#lib/cli/usage_error.ts";
import type { Action } from "./actions/action.ts";
import type { HttpActionOptions } from "./actions/http_action.ts";
import { headerOf, lines, methodOf, successOf, urlOf } from "./option_values.ts";
import type { Sources, Values } from "./flag_values.ts";
import type { ReloadOptions } from "./options.ts";
import type { VerifyOptions } from "./verify.ts";

const ACTIONS = ["http", "signal", "process", "pidfile", "command", "restart", "none"] as const;
/** configmap-reload waits so long between its tries. */
const WEBHOOK_RETRY_MS = 10_000;

/** The actions in their order. @throws {UsageError} */
export function actionsOf(
  values: Values,
  given: Sources,
  hasChild: boolean,
): readonly Action["name"][] {
  const named = actionOfMethod(values["reload-method"]) ??
    (values["reload-action"] ?? "").split(",").map((name) => name.trim()).filter((name) =>
      name !== ""
    );
  const unknown = named.find((name) => !ACTIONS.some((action) => action === name));
  if (unknown !== undefined) {
    throw new UsageError(`Option reload-action: "${unknown}" is not one of ${ACTIONS.join(", ")}`);
  }
  const actions = named.length > 0
    ? named as Action["name"][]
    : defaultActions(values, given, hasChild);
  for (const action of actions) {
    const missing = missingFor(action, values, hasChild);
    if (missing !== undefined) {
      throw new UsageError(`Option reload-action: ${action} needs ${missing}`);
    }
  }
  return actions;
}

/** compat: prometheus-config-reloader names the action by its method. */
function actionOfMethod(method: string | undefined): readonly Action["name"][] | undefined {
  switch (method ?? "") {
    case "":
    case "http":
      return undefined;
    case "signal":
      return ["process"];
  }
  throw new UsageError(`Option reload-method: "${method}" is not one of http, signal`);
}

/** What an action lacks, so that no run of it could ever succeed; `undefined` for nothing. */
function missingFor(
  action: Action["name"],
  values: Values,
  hasChild: boolean,
): string | undefined {
  switch (action) {
    case "signal":
    case "restart":
      return hasChild ? undefined : "an application behind --";
    case "http":
      return urlTexts(values).length > 0 ? undefined : "a URL, --reload-http=URL";
    case "process":
      return processName(values) === "" ? "a name, --signal-process=NAME" : undefined;
    case "pidfile":
      return values["pid-file"] === "" ? "a file, --pid-file=FILE" : undefined;
    case "command":
      return values["reload-command"].trim() === ""
        ? "a program, --reload-command=COMMAND"
        : undefined;
    case "none":
      return undefined;
  }
}

/** Name of the processes that get the signal; empty for none. */
export function processName(values: Values): string {
  return values["process-executable-name"] ?? values["signal-process"];
}

function defaultActions(
  values: Values,
  given: Sources,
  hasChild: boolean,
): readonly Action["name"][] {
  const hasUrl = urlTexts(values).length > 0;
  if (hasChild && !hasUrl) return ["signal"];
  if (hasChild) return given["reload-signal"] === "default" ? ["http"] : ["signal", "http"];
  if (hasUrl) return ["http"];
  if (processName(values) !== "") return ["process"];
  if (values["pid-file"] !== "") return ["pidfile"];
  if (values["reload-command"] !== "") return ["command"];
  if (values.once) return ["none"];
  throw new UsageError("Application command line or HTTP endpoint required", [
    "name a program behind --, a URL with --reload-http, or another way with --reload-action",
  ]);
}

function urlTexts(values: Values): readonly string[] {
  return [
    ...lines(values["reload-http"]),
    ...lines(values["webhook-url"]),
    ...lines(values["reload-url"]),
  ];
}

/** Users of prometheus-config-reloader expect no verification, unless they ask for it. */
export function verifiesTarget(values: Values, given: Sources): boolean {
  const isAsked = given["reload-http-insecure-skip-verify"] !== "default" ||
    values["reload-http-ca"] !== undefined;
  if (isAsked) return !values["reload-http-insecure-skip-verify"];
  return !lines(values["reload-url"]).some((url) => url.startsWith("https:"));
}

/** The HTTP action. @throws {UsageError} */
export function httpOf(values: Values, given: Sources): HttpActionOptions {
  const isWebhook = values["webhook-url"].length > 0;
  if (values["reload-http-body"] !== undefined && values["reload-http-body-file"] !== undefined) {
    throw new UsageError("Option reload-http-body: the body comes from --reload-http-body-file");
  }
  const method = values["webhook-method"] ?? values["reload-http-method"];
  return {
    urls: urlTexts(values).map((text) => urlOf("reload-http", text)),
    method: methodOf(method),
    headers: lines(values["reload-http-header"]).map(headerOf),
    body: values["reload-http-body"],
    bodyFile: values["reload-http-body-file"],
    isSuccess: successOf(
      values["webhook-status-code"] ?? values["reload-http-success"] ??
        (isWebhook ? "200" : "2xx"),
    ),
    usernameFile: values["req-username-file"] ?? values["reload-http-username-file"],
    passwordFile: values["req-password-file"] ?? values["reload-http-password-file"],
    caFile: values["reload-http-ca"],
    verifiesTls: verifiesTarget(values, given),
    timeoutMs: values["reload-timeout"],
  };
}

/** Whether the first version is told. @throws {UsageError} */
export function onStartOf(values: Values, hasChild: boolean): ReloadOptions["reloadOnStart"] {
  const text = values["reload-on-start"];
  if (text === undefined || text === "") {
    return hasChild || values["webhook-url"].length > 0 ? "never" : "always";
  }
  if (text === "always" || text === "changed" || text === "never") return text;
  throw new UsageError(`Option reload-on-start: "${text}" is not one of always, changed, never`);
}

/** The verification; `undefined` for none. @throws {UsageError} */
export function verifyOf(values: Values, given: Sources): VerifyOptions | undefined {
  const prometheus = values["runtimeinfo-url"];
  const text = prometheus ?? values["verify-url"];
  if (text === undefined) {
    if (values["verify-mode"] === "status") return undefined;
    throw new UsageError("Option verify-mode: there is nothing to ask", [
      "name the URL that is asked with --verify-url",
    ]);
  }
  if (values["verify-mode"] === "jsonpath" && values["verify-jsonpath"] === "") {
    throw new UsageError("Option verify-mode: jsonpath needs --verify-jsonpath");
  }
  return {
    url: urlOf("verify-url", text),
    mode: prometheus === undefined ? values["verify-mode"] : "prometheus",
    jsonPath: values["verify-jsonpath"],
    equals: values["verify-equals"],
    isSuccess: successOf(values["reload-http-success"] ?? "2xx"),
    intervalMs: values["verify-interval"],
    timeoutMs: values["verify-timeout"],
    // compat: prometheus-config-reloader asks there as it sends there.
    verifiesTls: prometheus === undefined
      ? !values["reload-http-insecure-skip-verify"]
      : verifiesTarget(values, given),
    caFile: values["reload-http-ca"],
  };
}

/** The tries of `--webhook-retries`. @throws {UsageError} */
export function retryAttemptsOf(text: string | undefined): ReloadOptions["retryAttempts"] {
  if (text === undefined || text === "") return {};
  if (!/^\d{1,6}$/.test(text)) {
    throw new UsageError(`Option webhook-retries: "${text}" is no number of tries`);
  }
  return { attempts: { count: Number(text), everyMs: WEBHOOK_RETRY_MS } };
}
