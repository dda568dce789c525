/**
 * The Spring Cloud Config API as a backend of the cache: a key is a path with its variant, an object is the
 * finished body (serve-config.md 14.2). With a raw backend behind it, what that has wins.
 */

import type { LoadOutcome, Upstream } from "../upstream/upstream.ts";
import { type ConfigRepository, type Environment, SpringError } from "./environment.ts";
import type { ReadOverrides } from "./overrides.ts";
import { type MergedForm, renderEnvironment, renderMerged, renderText } from "./render.ts";
import { routeOf, type SpringRoute } from "./route.ts";
import { BYTES_TYPE, splitKey, V2_TYPE, type Variant } from "./variant.ts";

/** What the API answers. */
export interface SpringOptions {
  /** Whether an application without any source is an empty environment (Java's way) and not a 404. */
  readonly acceptEmpty: boolean;
  readonly maxObjectBytes: number;
}

/** Where it reads, and how it hears of changes. */
export interface SpringDeps {
  readonly repository: ConfigRepository;
  /** Reads what outranks every source; absent where nothing does. */
  readonly overrides?: ReadOverrides | undefined;
  /** Asked first; absent without the raw interface. */
  readonly raw?: Upstream | undefined;
  readonly kind: string;
  readonly watch: Upstream["watch"];
}

const TEXT_TYPE = "text/plain;charset=UTF-8";
const JSON_TYPE = "application/json";
const MERGED_TYPES: Readonly<Record<MergedForm, string>> = {
  yml: TEXT_TYPE,
  properties: TEXT_TYPE,
  json: JSON_TYPE,
};

const MISSING: LoadOutcome = { kind: "missing" };

/** Makes the backend. */
export function createSpringUpstream(
  { acceptEmpty, maxObjectBytes }: SpringOptions,
  { repository, overrides, raw, kind, watch }: SpringDeps,
): Upstream {
  const placeholderLimits = { maxChars: maxObjectBytes };

  async function load(key: string, signal: AbortSignal): Promise<LoadOutcome> {
    const { path, variant } = splitKey(key);
    if (raw !== undefined) {
      const outcome = await raw.load(path, signal);
      if (outcome.kind !== "missing") return outcome;
    }
    try {
      const route = routeOf(path, variant);
      return route === undefined ? MISSING : limited(await answer(route, variant, signal));
    } catch (error) {
      if (!(error instanceof SpringError)) throw error;
      return { kind: "rejected", status: error.status, ...problem(error, path) };
    }
  }

  async function answer(
    route: SpringRoute,
    variant: Variant,
    signal: AbortSignal,
  ): Promise<LoadOutcome> {
    if (route.kind === "resource") return await resource(route, variant, signal);
    const own = await repository.environment(route.request, signal);
    if (own.propertySources.length === 0 && !acceptEmpty) return MISSING;
    const environment = await overridden(own);
    if (route.kind === "environment") {
      const withOrigins = variant.accept === "v2";
      return {
        ...found(
          renderEnvironment(environment, { request: route.request, withOrigins }),
          withOrigins ? V2_TYPE : JSON_TYPE,
        ),
        version: environment.version ?? undefined,
      };
    }
    const placeholders = variant.resolvePlaceholders ? placeholderLimits : undefined;
    return found(
      renderMerged(environment, { form: route.form, placeholders }),
      MERGED_TYPES[route.form],
    );
  }

  async function overridden(environment: Environment): Promise<Environment> {
    if (overrides === undefined) return environment;
    return {
      ...environment,
      propertySources: [await overrides(), ...environment.propertySources],
    };
  }

  async function resource(
    { request, path }: SpringRoute & { readonly kind: "resource" },
    { accept, resolvePlaceholders }: Variant,
    signal: AbortSignal,
  ): Promise<LoadOutcome> {
    const file = await repository.resource({ ...request, path }, signal);
    if (file === undefined) return MISSING;
    if (accept === "bytes") return { kind: "found", ...file, contentType: BYTES_TYPE };
    const text = textOf(file.bytes);
    if (text?.includes("${") !== true || !resolvePlaceholders) {
      return { kind: "found", ...file, contentType: TEXT_TYPE };
    }
    const environment = await overridden(await repository.environment(request, signal));
    // Its values change at other times than the file.
    return found(renderText(text, environment, placeholderLimits), TEXT_TYPE);
  }

  function limited(outcome: LoadOutcome): LoadOutcome {
    const isTooLarge = outcome.kind === "found" && outcome.bytes.length > maxObjectBytes;
    return isTooLarge ? { kind: "too-large" } : outcome;
  }

  return { kind, load, watch };
}

const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `undefined` for bytes that are no UTF-8, which are served as they are. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return STRICT_UTF8.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function found(
  text: string,
  contentType: string,
): LoadOutcome & { readonly kind: "found" } {
  return { kind: "found", bytes: new TextEncoder().encode(text), contentType };
}

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  404: "Not Found",
  500: "Internal Server Error",
  502: "Bad Gateway",
};

/** The body that Spring's clients know. */
function problem({ status, message }: SpringError, path: string) {
  const body = JSON.stringify({ status, error: REASONS[status] ?? "Error", message, path });
  return { body, contentType: JSON_TYPE };
}
