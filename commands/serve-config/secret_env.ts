/**
 * Variables whose text names a secret instead of being one (serve-config.md 2.4). The replaced program leaves the
 * reference as the value when anything fails; here that ends the start, naming the variable.
 */

import { UsageError } from "#lib/cli/usage_error.ts";

/** The part of `fetch` that is needed. */
export type SecretFetch = (url: string, init: RequestInit) => Promise<Response>;

const TIMEOUT_MS = 10_000;
const MAX_SECRET_CHARS = 1024 * 1024;
const AWS = /^(aws-secretsmanager|aws-parameterstore|aws-s3|aws-dynamodb|aws-lambda):[^:]*:./;
const HTTP_PREFIX = "#http:";

/** A reference of the form `#http:REGION:METHOD,PROTO,HOST,PATH,BODY,TOKEN[:FIELD]`. */
interface HttpReference {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly token: string;
  readonly field: string | undefined;
}

/** Whether any of the variables is a reference; without one nothing needs to be loaded. */
export function hasSecretReference(
  env: Readonly<Record<string, string>>,
  variables: readonly string[],
): boolean {
  return variables.some((name) => isReference(env[name] ?? ""));
}

/**
 * The environment with every reference among `variables` replaced by what it names.
 *
 * @throws {UsageError} for a reference that cannot be resolved
 */
export async function resolveSecretEnv(
  env: Readonly<Record<string, string>>,
  { variables, fetch }: { readonly variables: readonly string[]; readonly fetch: SecretFetch },
): Promise<Readonly<Record<string, string>>> {
  const resolved: Record<string, string> = { ...env };
  for (const name of variables) {
    const text = env[name] ?? "";
    if (!isReference(text)) continue;
    try {
      resolved[name] = await valueOf(text, fetch);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new UsageError(`Variable ${name}: Cannot resolve its secret reference: ${reason}`, [], {
        cause: error,
      });
    }
  }
  return resolved;
}

function isReference(text: string): boolean {
  return AWS.test(text) || (text.startsWith(HTTP_PREFIX) && text.split(":").length >= 3);
}

async function valueOf(text: string, fetch: SecretFetch): Promise<string> {
  const store = AWS.exec(text)?.[1];
  if (store !== undefined) throw new Error(`${store} is not available in this version`);
  const { method, url, body, token, field } = parseHttpReference(text);
  const response = await fetch(url, {
    method,
    headers: { "content-type": "application/json", authorization: token },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    redirect: "error",
    ...(body !== "" && { body: atob(body) }),
  });
  const answer = await response.text();
  if (response.status !== 200) throw new Error(`the server answered ${response.status}`);
  if (answer.length > MAX_SECRET_CHARS) throw new Error("the answer is too large");
  return field === undefined ? answer : await fieldOf(answer, field);
}

function parseHttpReference(text: string): HttpReference {
  const [, , ...rest] = text.split(":");
  const [method = "", proto = "", host = "", path = "", body = "", last = ""] = rest.join(":")
    .split(",");
  // A colon before the last comma is part of a host or path, whatever the replaced program makes of it.
  const colon = last.indexOf(":");
  const url = URL.parse(`${proto}://${host}${path.startsWith("/") ? "" : "/"}${path}`);
  if (method === "" || url === null || !/^https?:$/.test(url.protocol)) {
    throw new Error("it is not of the form #http::METHOD,PROTO,HOST,PATH,BODY,TOKEN[:FIELD]");
  }
  return {
    method,
    url: url.href,
    body,
    token: colon < 0 ? last : last.slice(0, colon),
    field: colon < 0 ? undefined : last.slice(colon + 1),
  };
}

async function fieldOf(text: string, field: string): Promise<string> {
  const { parseYaml } = await import("#lib/format/yaml.ts");
  const value: unknown = parseYaml(text);
  const found = typeof value === "object" && value !== null && Object.hasOwn(value, field)
    ? (value as Readonly<Record<string, unknown>>)[field]
    : undefined;
  if (typeof found !== "string") throw new Error(`the answer has no text under "${field}"`);
  return found;
}
