/**
 * `--compat=k8s-sidecar` (reload.md appendix A): what the variables of kiwigrid/k8s-sidecar mean in flags of reload.
 * Pure, so that the migration table is this file.
 */

import { LIST_SEPARATOR } from "#lib/cli/flag.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import { encodeBase64 } from "#lib/format/base64.ts";

/** Variables by name; absent and empty are the same. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** The same in flags. */
export interface SidecarFlags {
  /** Text of each flag, by name. */
  readonly flags: Readonly<Record<string, string>>;
  /** Where its health is asked for, `[HOST]:PORT`. */
  readonly healthAddress: string;
}

const FOLDER_ANNOTATION = "k8s-sidecar-target-directory";
const LEVELS: Readonly<Record<string, string>> = {
  ...{ DEBUG: "debug", INFO: "info", WARN: "warn", WARNING: "warn" },
  ...{ ERROR: "error", CRITICAL: "error", FATAL: "error" },
};
/** The file as a program when it is one, else as words for a shell. */
const RUN_SCRIPT = 'if [ -x "$1" ]; then exec "$1"; else exec sh "$1"; fi';

/** Translates them. @throws {UsageError} for one that is missing or makes no sense */
export function sidecarFlags(env: Variables): SidecarFlags {
  return {
    flags: {
      ...sourceFlags(env),
      ...fileFlags(env),
      ...timingFlags(env),
      ...reloadFlags(env),
      ...requestFlags(env),
      ...logFlags(env),
    },
    healthAddress: `${hostOf(env["HEALTH_HOST"] ?? "")}:${numberOf(env, "HEALTH_PORT", 8080)}`,
  };
}

function sourceFlags(env: Variables): Record<string, string> {
  const label = needed(env, "LABEL", "the label of the objects to collect");
  const value = env["LABEL_VALUE"] ?? "";
  return {
    selector: value === "" ? label : `${label}=${value}`,
    resources: oneOf(env, "RESOURCE", ["configmap", "secret", "both"]),
    "selector-namespaces": env["NAMESPACE"] ?? "",
    "selector-name": listOf(env["RESOURCE_NAME"]).join(LIST_SEPARATOR),
    "folder-annotation": env["FOLDER_ANNOTATION"] || FOLDER_ANNOTATION,
    "unique-filenames": String(isOn(env, "UNIQUE_FILENAMES")),
    "insecure-skip-tls-verify": String(isOn(env, "SKIP_TLS_VERIFY")),
    "on-conflict": "last-wins",
    // It waits for the API server as long as it takes.
    "startup-timeout": "0",
  };
}

function fileFlags(env: Variables): Record<string, string> {
  const mode = env["DEFAULT_FILE_MODE"] ?? "";
  return {
    configroot: needed(env, "FOLDER", "the directory for the files"),
    layout: "flat",
    "url-keys": isOn(env, "ENABLE_5XX") ? "any" : "2xx",
    ...(mode !== "" && { "file-mode": mode }),
  };
}

/** It lists with each of its watches, and without watching every so often; here both only compare. */
function timingFlags(env: Variables): Record<string, string> {
  const method = env["METHOD"] ?? "";
  const seconds = method === "SLEEP"
    ? numberOf(env, "SLEEP_TIME", 60)
    : numberOf(env, "WATCH_SERVER_TIMEOUT", 60);
  return { "resync-interval": `${seconds}s`, once: String(method === "LIST") };
}

function reloadFlags(env: Variables): Record<string, string> {
  const script = env["SCRIPT"] ?? "";
  const url = env["REQ_URL"] ?? "";
  const actions = [...(script === "" ? [] : ["command"]), ...(url === "" ? [] : ["http"])];
  return {
    "reload-action": actions.join(",") || "none",
    "reload-on-start": isOn(env, "REQ_SKIP_INIT") ? "never" : "always",
    ...(script !== "" && {
      "reload-command": JSON.stringify(["sh", "-c", RUN_SCRIPT, "sh", script]),
    }),
  };
}

function requestFlags(env: Variables): Record<string, string> {
  const url = env["REQ_URL"] ?? "";
  if (url === "") return {};
  const method = oneOf(env, "REQ_METHOD", ["GET", "POST"]);
  const payload = env["REQ_PAYLOAD"] ?? "";
  return {
    "reload-http": url,
    "reload-http-method": method,
    "reload-timeout": `${numberOf(env, "REQ_TIMEOUT", 10)}s`,
    "reload-http-insecure-skip-verify": String(isOn(env, "REQ_SKIP_TLS_VERIFY")),
    ...(method === "POST" && payload !== "" && { "reload-http-body": asJson(payload) }),
    ...credentials(env, url),
  };
}

/** A payload that is no JSON is sent as a JSON string. */
function asJson(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    // Words of a person.
    return JSON.stringify(text);
  }
}

/** Files win, and are read for each request; texts are encoded as asked for. */
function credentials(env: Variables, url: string): Record<string, string> {
  const [user = "", password = ""] = [env["REQ_USERNAME"], env["REQ_PASSWORD"]];
  const [userFile = "", passwordFile = ""] = [env["REQ_USERNAME_FILE"], env["REQ_PASSWORD_FILE"]];
  const isWhole = (user !== "" || userFile !== "") && (password !== "" || passwordFile !== "");
  if (!isWhole) return {};
  if (userFile === "" && passwordFile === "") {
    const encoded = encodeBase64(encodeText(`${user}:${password}`, env));
    return { "reload-http-header": `Authorization: Basic ${encoded}` };
  }
  const target = URL.parse(url);
  if (target === null) return {};
  if (userFile === "") target.username = encodeURIComponent(user);
  if (passwordFile === "") target.password = encodeURIComponent(password);
  return {
    "reload-http": target.href,
    ...(userFile !== "" && { "reload-http-username-file": userFile }),
    ...(passwordFile !== "" && { "reload-http-password-file": passwordFile }),
  };
}

function encodeText(text: string, env: Variables): Uint8Array {
  const encoding = (env["REQ_BASIC_AUTH_ENCODING"] || "latin1").toLowerCase().replaceAll("-", "");
  if (encoding === "utf8") return new TextEncoder().encode(text);
  if (encoding !== "latin1" && encoding !== "iso88591") {
    throw new UsageError(
      `Variable REQ_BASIC_AUTH_ENCODING: "${encoding}" is not one of latin1, utf-8`,
    );
  }
  const codes = [...text].map((character) => character.codePointAt(0) ?? 0);
  if (codes.some((code) => code > 0xff)) {
    throw new UsageError("Variables REQ_USERNAME and REQ_PASSWORD: latin1 cannot spell them", [
      "set REQ_BASIC_AUTH_ENCODING=utf-8",
    ]);
  }
  return new Uint8Array(codes);
}

function logFlags(env: Variables): Record<string, string> {
  const level = env["LOG_LEVEL"] ?? "";
  const known = LEVELS[level.toUpperCase()];
  if (level !== "" && known === undefined) {
    throw new UsageError(
      `Variable LOG_LEVEL: "${level}" is not one of ${Object.keys(LEVELS).join(", ")}`,
    );
  }
  const isText = env["LOG_FORMAT"]?.toUpperCase() === "LOGFMT";
  return { "log-format": isText ? "text" : "json", ...(known && { "log-level": known }) };
}

function needed(env: Variables, name: string, meaning: string): string {
  const value = env[name] ?? "";
  if (value !== "") return value;
  throw new UsageError(`Variable ${name}: it is missing, ${meaning}`, [
    "--compat=k8s-sidecar takes the variables of k8s-sidecar",
  ]);
}

function oneOf(env: Variables, name: string, choices: readonly [string, ...string[]]): string {
  const value = env[name] || choices[0];
  if (choices.includes(value)) return value;
  throw new UsageError(`Variable ${name}: "${value}" is not one of ${choices.join(", ")}`);
}

function numberOf(env: Variables, name: string, otherwise: number): number {
  const text = env[name] || String(otherwise);
  if (/^\d{1,6}(?:\.\d{1,3})?$/.test(text)) return Number(text);
  throw new UsageError(`Variable ${name}: "${text}" is no number`);
}

function listOf(text: string | undefined): readonly string[] {
  return (text ?? "").split(",").map((part) => part.trim()).filter((part) => part !== "");
}

/** As an address needs it; empty for all interfaces. */
function hostOf(text: string): string {
  return text.includes(":") ? `[${text}]` : text;
}

function isOn(env: Variables, name: string): boolean {
  return env[name]?.toLowerCase() === "true";
}
