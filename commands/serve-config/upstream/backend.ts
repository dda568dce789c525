/**
 * The `--backend` value, read once: a directory, or an HTTP server by its base URL (serve-config.md 2.1, 4.1).
 */

import { UsageError } from "#lib/cli/usage_error.ts";
import { encodeBase64 } from "#lib/format/base64.ts";

/** Where objects come from. */
export type Backend =
  | { readonly kind: "dir"; readonly directory: string }
  | {
    readonly kind: "kube";
    /** Served namespaces, the strongest first; empty for the configured one. */
    readonly namespaces: readonly string[];
  }
  | {
    readonly kind: "http";
    /** Without userinfo and fragment. */
    readonly base: URL;
    /** `Basic …` from the userinfo of the URL. */
    readonly authorization: string | undefined;
  };

/**
 * Reads a backend.
 *
 * @throws {UsageError} for a form that this version does not have
 */
export function parseBackend(text: string): Backend {
  const directory = /^dir:([\s\S]+)$/.exec(text)?.[1];
  if (directory !== undefined) {
    return { kind: "dir", directory: directory.replace(/(?<=.)\/+$/, "") };
  }
  if (text === "dir:") throw new UsageError("Option backend: dir: needs a path");
  if (text.startsWith("kube:")) return parseKube(text.slice("kube:".length));
  if (/^https?:\/\//i.test(text)) return parseHttp(text);
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1];
  throw new UsageError(
    scheme === undefined
      ? "Option backend: it has no scheme"
      : `Option backend: ${scheme}: is not available in this version`,
    ["available are dir:PATH, kube:[NAMESPACE,…], http://… and https://…"],
  );
}

const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

function parseKube(text: string): Backend {
  const namespaces = [...new Set(text.split(",").map((name) => name.trim()))]
    .filter((name) => name !== "");
  const wrong = namespaces.find((name) => !NAMESPACE.test(name));
  if (wrong === undefined) return { kind: "kube", namespaces };
  throw new UsageError(`Option backend: "${wrong}" is no name of a namespace`);
}

function parseHttp(text: string): Backend {
  const url = URL.parse(text);
  if (url === null) throw new UsageError("Option backend: it is not a URL");
  const { username, password } = url;
  const authorization = username === "" && password === "" ? undefined : `Basic ${
    encodeBase64(
      new TextEncoder().encode(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`),
    )
  }`;
  const base = new URL(url);
  base.username = "";
  base.password = "";
  base.hash = "";
  return { kind: "http", base, authorization };
}
