/** What can be said about the backend and how its objects are answered (serve-config.md 2.1, 2.2), and how it is checked. */

import { durationFlag, textFlag } from "#lib/cli/flag.ts";
import type { Flag } from "#lib/cli/flag.ts";
import type { ResolvedFlags } from "#lib/cli/resolve_flags.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import { parseBackend } from "./upstream/backend.ts";
import type { Backend } from "./upstream/backend.ts";
import { parseBackendOptions } from "./upstream/backend_options.ts";
import type { Api, BackendOptions } from "./upstream/backend_options.ts";

/** Flags by name. */
export const CONTENT_FLAGS = {
  backend: textFlag({
    brief:
      "Where the files come from: dir:PATH, kube:[NAMESPACE,…], or the base URL of an HTTP server",
    category: "Content",
    default: "dir:samples",
    env: ["BACKEND"],
    placeholder: "BACKEND",
    sensitive: "url",
  }),
  "backend-options": textFlag({
    brief:
      "Words for the backend, separated by commas or blanks: flatten, keep-content-type, legacy-nocache-errors, search-paths=A;B, label-dirs, accept-empty, overrides=FILE, " +
      "configmaps, secrets, selector=S, annotation-opt-in, each with =true or =false where it is a switch",
    category: "Content",
    default: "",
    env: ["BACKEND_OPTIONS"],
    placeholder: "WORDS",
  }),
  "backend-timeout": durationFlag({
    brief: "Longest time for one load, 0 for no limit",
    category: "Content",
    default: "30s",
    minMs: 0,
    env: ["BACKEND_TIMEOUT"],
  }),
  api: {
    brief:
      "HTTP interface: raw serves files by path, spring is Spring Cloud Config's, both is raw first " +
      "(over an HTTP backend: raw, events matched by application); spring by default for kube:, else raw",
    category: "Content",
    env: ["API"],
    placeholder: "API",
    choices: ["raw", "spring", "both"],
    parse: parseApi,
  } as Flag<Api | undefined>,
  "client-cache-control": textFlag({
    brief: "Cache-Control of every answer with content",
    category: "Content",
    default: "no-cache",
    env: ["CLIENT_CACHE_CONTROL"],
  }),
} as const;

/** Checked options. */
export interface ContentSettings {
  readonly backend: Backend;
  readonly backendOptions: BackendOptions;
  readonly api: Api;
  /** 0 for no limit. */
  readonly backendTimeoutMs: number;
  readonly clientCacheControl: string;
  /** Answer with the backend's own content type. */
  readonly keepContentType: boolean;
}

/** Checks them. @throws {UsageError} */
export function toContentSettings(
  { values }: ResolvedFlags<typeof CONTENT_FLAGS>,
): ContentSettings {
  const backend = parseBackend(values.backend);
  const api = values.api ?? (backend.kind === "kube" ? "spring" : "raw");
  // Over HTTP `both` is raw whose keys are read as Spring's when a refresh event is matched.
  if (api === "spring" && backend.kind === "http") {
    throw new UsageError("Option api: spring needs a backend of files, not an HTTP server", [
      "an HTTP backend that speaks Spring's interface is passed on as it is with --api=raw",
    ]);
  }
  return {
    backend,
    backendOptions: parseBackendOptions(values["backend-options"], { backend, api }),
    api,
    backendTimeoutMs: values["backend-timeout"],
    clientCacheControl: values["client-cache-control"],
    keepContentType: values["backend-options"].includes("keep-content-type"),
  };
}

function parseApi(text: string): Api {
  if (text === "raw" || text === "spring" || text === "both") return text;
  throw new SyntaxError(`"${text}" is not one of raw, spring, both`);
}
