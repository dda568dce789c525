/** Reload by HTTP (reload.md 8.2): every URL once a version, those that failed again. */

import type { Clock } from "#lib/run/clock.ts";
import { timeLimit } from "#lib/run/time_limit.ts";
import { VERSION } from "#lib/run/version.ts";
import type { Action, ReloadRun } from "./action.ts";
import { authorizationOf, shownUrl, withoutUserinfo } from "./credentials.ts";

/** Where and how. */
export interface HttpActionOptions {
  readonly urls: readonly URL[];
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | undefined;
  readonly bodyFile: string | undefined;
  /** Whether a status is a success. */
  readonly isSuccess: (status: number) => boolean;
  readonly usernameFile: string | undefined;
  readonly passwordFile: string | undefined;
  readonly caFile: string | undefined;
  readonly verifiesTls: boolean;
  /** One attempt, from connect to the end of the body. */
  readonly timeoutMs: number;
}

/** What it needs. */
export interface HttpActionDeps {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string>>;
  /** Told of each request. */
  readonly onRequest?: (report: TargetReport) => void;
}

/** What became of one request. */
export interface TargetReport {
  /** Without its password. */
  readonly url: string;
  /** `undefined` when there was no answer. */
  readonly status: number | undefined;
  readonly seconds: number;
}

const MAX_SHOWN_CHARS = 1024;

/** Makes the action. */
export function createHttpAction(
  options: HttpActionOptions,
  { clock, env, onRequest = () => {} }: HttpActionDeps,
): Action {
  // URLs that have heard of the version are not told again while the others are retried.
  let told = { run: "", urls: new Set<URL>() };

  async function call(url: URL, { hash }: ReloadRun, signal: AbortSignal): Promise<void> {
    const startedAt = clock.monotonic();
    const limit = timeLimit(signal, options.timeoutMs, clock);
    let status: number | undefined;
    try {
      const body = await bodyOf(options);
      // Loaded with the first request, which comes after the start.
      const { sendToTarget } = await import("./http_request.ts");
      const answer = await sendToTarget(
        {
          url: withoutUserinfo(url),
          method: options.method,
          headers: [
            ["user-agent", `kcfg/${VERSION} (reload)`],
            ["x-kcfg-config-hash", hash],
            ...contentType(options, body),
            ...options.headers,
            ...await authorizationOf(url, options),
          ],
          body,
          ca: options.caFile === undefined ? undefined : await Deno.readTextFile(options.caFile),
          verifiesTls: options.verifiesTls,
        },
        limit.signal,
        env,
      );
      status = answer.status;
      if (options.isSuccess(status)) return;
      const text = answer.text.slice(0, MAX_SHOWN_CHARS).trim();
      throw new Error(`answered ${status}${text === "" ? "" : `: ${text}`}`);
    } catch (error) {
      const reason = limit.isOver() ? `no answer within ${options.timeoutMs} ms` : reasonOf(error);
      throw new Error(`${withoutUserinfo(url).href}: ${reason}`, { cause: error });
    } finally {
      limit.cancel();
      onRequest({ url: shownUrl(url), status, seconds: (clock.monotonic() - startedAt) / 1000 });
    }
  }

  return {
    name: "http",
    async run(run, signal) {
      const id = `${run.hash} ${run.reason}`;
      if (told.run !== id) told = { run: id, urls: new Set() };
      const problems: string[] = [];
      for (const url of options.urls) {
        if (told.urls.has(url)) continue;
        try {
          await call(url, run, signal);
          told.urls.add(url);
        } catch (error) {
          if (signal.aborted) throw error;
          problems.push(reasonOf(error));
        }
      }
      if (problems.length > 0) throw new Error(problems.join("; "));
      // The next run for this version is a new one.
      told = { run: "", urls: new Set() };
    },
  };
}

async function bodyOf({ body, bodyFile }: HttpActionOptions): Promise<Uint8Array | undefined> {
  if (bodyFile !== undefined) return await Deno.readFile(bodyFile);
  return body === undefined ? undefined : new TextEncoder().encode(body);
}

function contentType(
  { headers }: HttpActionOptions,
  body: Uint8Array | undefined,
): [string, string][] {
  if (body === undefined) return [];
  if (headers.some(([name]) => name.toLowerCase() === "content-type")) return [];
  try {
    JSON.parse(new TextDecoder().decode(body));
    return [["content-type", "application/json"]];
  } catch {
    // Anything that is no JSON is text.
    return [["content-type", "text/plain; charset=utf-8"]];
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
