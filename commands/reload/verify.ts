/** After a reload: whether the application really has the version (reload.md 7.4). */

import { type Clock, sleep } from "#lib/run/clock.ts";
import { timeLimit } from "#lib/run/time_limit.ts";
import { VERSION } from "#lib/run/version.ts";
import { authorizationOf, withoutUserinfo } from "./actions/credentials.ts";
import { sendToTarget, type TargetAnswer } from "./actions/http_request.ts";
import { shortHash } from "./payload/payload.ts";

/** What is asked, and when it is content. */
export interface VerifyOptions {
  readonly url: URL;
  readonly mode: "status" | "contains-hash" | "jsonpath" | "prometheus";
  readonly jsonPath: string;
  /** May contain `{hash}` and `{version}`. */
  readonly equals: string;
  readonly isSuccess: (status: number) => boolean;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly verifiesTls: boolean;
  /** Certificates to trust, as for the reload itself. */
  readonly caFile: string | undefined;
}

/** What it needs. */
export interface VerifyDeps {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string>>;
}

const ASK_TIMEOUT_MS = 5000;
/** Those of the reload are for its own URLs. */
const NO_FILES = { usernameFile: undefined, passwordFile: undefined };

interface PrometheusState {
  readonly ok: boolean;
  readonly time: string;
}

/** A verification begun before the reload, so that later answers can be told from earlier ones. */
export interface Verification {
  /** @throws {Error} when the application does not have the version in time, or says that it refused it */
  wait(hash: string, signal: AbortSignal): Promise<void>;
}

/** Notes what the application says before the reload. */
export async function beginVerification(
  options: VerifyOptions,
  deps: VerifyDeps,
  signal: AbortSignal,
): Promise<Verification> {
  const before = options.mode === "prometheus"
    ? await ask(options, deps, signal).then(prometheusState, () => undefined)
    : undefined;
  await untilNextSecond(before, deps.clock, signal);
  return {
    async wait(hash, waitSignal) {
      const { clock } = deps;
      const deadline = clock.monotonic() + options.timeoutMs;
      let last = "no answer";
      while (true) {
        try {
          const answer = await ask(options, deps, waitSignal);
          const verdict = judge(answer, options, { hash, before });
          if (verdict === "content") return;
          last = verdict;
        } catch (error) {
          if (waitSignal.aborted || error instanceof Refused) throw error;
          last = error instanceof Error ? error.message : String(error);
        }
        if (clock.monotonic() + options.intervalMs > deadline) {
          throw new Error(`not verified within ${options.timeoutMs} ms: ${last}`);
        }
        await sleep(options.intervalMs, { clock, signal: waitSignal });
      }
    },
  };
}

/** Prometheus tells whole seconds: a reload within the second of the one before could not be told from it. */
async function untilNextSecond(
  before: PrometheusState | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const nextMs = Date.parse(before?.time ?? "") + 1000;
  const leftMs = nextMs - clock.now();
  if (leftMs > 0 && leftMs <= 1000) await sleep(leftMs, { clock, signal });
}

/** The application says that it keeps its old configuration; waiting longer changes nothing. */
class Refused extends Error {}

function judge(
  { status, text }: TargetAnswer,
  { mode, isSuccess, jsonPath, equals }: VerifyOptions,
  { hash, before }: { readonly hash: string; readonly before: PrometheusState | undefined },
): string {
  if (mode !== "status" && !isSuccess(status)) return `answered ${status}`;
  switch (mode) {
    case "status":
      return isSuccess(status) ? "content" : `answered ${status}`;
    case "contains-hash":
      return text.includes(hash) ? "content" : "the answer does not name the version";
    case "jsonpath": {
      const found = String(valueAt(JSON.parse(text), jsonPath));
      const wanted = equals.replaceAll("{hash}", hash).replaceAll("{version}", shortHash(hash));
      return found === wanted ? "content" : `${jsonPath} is "${found}"`;
    }
    case "prometheus": {
      const now = prometheusState({ status, text, location: undefined });
      if (now.ok && now.time !== before?.time) return "content";
      if (!now.ok && before?.ok === true) {
        throw new Refused("the application refused the configuration");
      }
      return now.ok ? "the configuration was not loaded again" : "the configuration was refused";
    }
  }
}

function prometheusState({ text }: TargetAnswer): PrometheusState {
  const { data } = JSON.parse(text);
  return { ok: data?.reloadConfigSuccess === true, time: String(data?.lastConfigTime) };
}

/** The value at a dotted path with `[n]` indexes; `undefined` when there is none. */
export function valueAt(document: unknown, path: string): unknown {
  const steps = path.replace(/^\$?\.?/, "").split(/\.|\[(\d+)\]/).filter((step) =>
    step !== undefined && step !== ""
  );
  let value = document;
  for (const step of steps) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

async function ask(
  { url, verifiesTls, caFile }: VerifyOptions,
  { clock, env }: VerifyDeps,
  signal: AbortSignal,
): Promise<TargetAnswer> {
  const limit = timeLimit(signal, ASK_TIMEOUT_MS, clock);
  try {
    const request = {
      url: withoutUserinfo(url),
      method: "GET",
      headers: [
        ["user-agent", `kcfg/${VERSION} (reload)`] as const,
        ...await authorizationOf(url, NO_FILES),
      ],
      body: undefined,
      ca: caFile === undefined ? undefined : await Deno.readTextFile(caFile),
      verifiesTls,
    };
    return await sendToTarget(request, limit.signal, env);
  } finally {
    limit.cancel();
  }
}
