/**
 * Bodies of requests and answers as they may be shown to a person who asked for them with
 * `--kube-trace-bodies`: without the content of Secrets, tokens and the like, and cut short.
 */

import { redactValue } from "#lib/log/redact.ts";
import { isJsonObject } from "./types.ts";

/** Longest text that is shown. */
const MAX_CHARS = 2048;

/** `body` for a log line; JSON without secrets, other bodies only counted. */
export function traceBody(body: string | Uint8Array): string {
  if (typeof body !== "string") return `<${body.length} bytes>`;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // Not JSON, so nothing in it can be told apart.
    return `<${body.length} characters>`;
  }
  return traceValue(value);
}

/** A parsed body for a log line. */
export function traceValue(value: unknown): string {
  const text = JSON.stringify(redactValue(withoutSecretData(value)));
  return text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}…` : text;
}

/**
 * What holds the content of a Secret, whatever kind the body says it is: a patch names none. So `data` is
 * hidden for everything but a ConfigMap.
 */
function withoutSecretData(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecretData);
  if (!isJsonObject(value)) return value;
  const isConfigMap = value["kind"] === "ConfigMap" || value["kind"] === "ConfigMapList";
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      if (key === "items" && Array.isArray(member)) {
        // Items of a list lack their kind.
        const kind = String(value["kind"] ?? "").replace(/List$/, "");
        return [key, member.map((item) => withoutSecretData({ kind, ...item }))];
      }
      const hidden = (key === "data" && !isConfigMap) || key === "stringData";
      return [key, hidden ? "***" : withoutSecretData(member)];
    }),
  );
}
