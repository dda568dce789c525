/**
 * Tokens of service accounts, judged by the API server (serve-config.md 14.9). A judgement counts for a while;
 * without one nobody gets in.
 */

import type { Clock } from "#lib/run/clock.ts";
import type { Authenticator, Identity, Verdict } from "./identity.ts";

/** What the API server is asked. */
export interface TokenReviewer {
  /** The `status` of a review. @throws {Error} when there was none */
  review(token: string, audience: string): Promise<TokenStatus>;
  /** The annotation `kcfg.dev/apps` of a service account; `undefined` when it has none. @throws {Error} */
  appsOf(account: ServiceAccount): Promise<string | undefined>;
}

/** As the API writes it. */
export interface TokenStatus {
  readonly authenticated?: boolean | undefined;
  readonly audiences?: readonly string[] | undefined;
  readonly user?: { readonly username?: string | undefined } | undefined;
}

/** A service account by its name. */
export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
}

/** What is asked for. */
export interface TokenReviewOptions {
  readonly audience: string;
  readonly authz: "none" | "same-name";
}

const SUCCESS_MS = 60_000;
const FAILURE_MS = 5000;
/** Tokens whose judgement is remembered. */
const MAX_REMEMBERED = 10_000;

/** Makes the authenticator. */
export function createTokenReview(
  { audience, authz }: TokenReviewOptions,
  { reviewer, clock }: { readonly reviewer: TokenReviewer; readonly clock: Clock },
): Authenticator {
  const remembered = new Map<string, { readonly verdict: Verdict; readonly untilMs: number }>();
  const underWay = new Map<string, Promise<Verdict>>();

  async function judge(token: string, digest: string): Promise<Verdict> {
    try {
      const status = await reviewer.review(token, audience);
      const username = status.user?.username;
      const isKnown = status.authenticated === true && username !== undefined &&
        status.audiences?.includes(audience) === true;
      const verdict: Verdict = isKnown
        ? { kind: "known", identity: await identityOf(username) }
        : { kind: "unknown" };
      remember(digest, verdict, token);
      return verdict;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { kind: "unavailable", reason };
    }
  }

  function remember(digest: string, verdict: Verdict, token: string): void {
    const nowMs = clock.now();
    const untilMs = verdict.kind === "known"
      ? Math.min(nowMs + SUCCESS_MS, expiryOf(token) ?? Infinity)
      : nowMs + FAILURE_MS;
    remembered.delete(digest);
    remembered.set(digest, { verdict, untilMs });
    for (const oldest of remembered.keys()) {
      if (remembered.size <= MAX_REMEMBERED) break;
      remembered.delete(oldest);
    }
  }

  async function identityOf(username: string): Promise<Identity> {
    if (authz === "none") return { name: username, mayRead: () => true };
    const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(username) ?? [];
    if (namespace === undefined || name === undefined) {
      return { name: username, mayRead: () => false };
    }
    const apps = await reviewer.appsOf({ namespace, name });
    const names = new Set([name, ...(apps ?? "").split(/[\s,]+/).filter((app) => app !== "")]);
    return { name: username, mayRead: (application) => names.has(application) };
  }

  return {
    async verify(token) {
      const digest = await digestOf(token);
      const known = remembered.get(digest);
      if (known !== undefined && clock.now() < known.untilMs) return known.verdict;
      const judging = underWay.get(digest) ??
        judge(token, digest).finally(() => underWay.delete(digest));
      underWay.set(digest, judging);
      return await judging;
    },
  };
}

/** When a JSON web token expires, milliseconds since the Unix epoch; it is not verified here. */
function expiryOf(token: string): number | undefined {
  try {
    const payload = Uint8Array.fromBase64(token.split(".")[1] ?? "", { alphabet: "base64url" });
    const { exp } = JSON.parse(new TextDecoder().decode(payload)) as { readonly exp?: unknown };
    return typeof exp === "number" ? exp * 1000 : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function digestOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}
