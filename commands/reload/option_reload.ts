/** How the application is told, and what counts as heard (reload.md 2.4, 2.7, 8.1). Pure. */

import { UsageError } from "#lib/cli/usage_error.ts";
import type { Action } from "./actions/action.ts";
import type { HttpActionOptions } from "./actions/http_action.ts";
import { headerOf, lines, methodOf, successOf, urlOf } from "./option_values.ts";
import type { ReloadOptions, Sources, Values } from "./options.ts";
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
  const named = values["reload-method"] === "signal"
    ? ["process"]
    : (values["reload-action"] ?? "").split(",").map((name) => name.trim()).filter((name) =>
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
    if ((action === "signal" || action === "restart") && !hasChild) {
      throw new UsageError(`Option reload-action: ${action} needs an application behind --`);
    }
  }
  return actions;
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
  if (values["signal-process"] !== "" || values["process-executable-name"] !== undefined) {
    return ["process"];
  }
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
export function verifyOf(values: Values): VerifyOptions | undefined {
  const prometheus = values["runtimeinfo-url"];
  const text = prometheus ?? values["verify-url"];
  if (text === undefined) return undefined;
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
    verifiesTls: !values["reload-http-insecure-skip-verify"],
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
