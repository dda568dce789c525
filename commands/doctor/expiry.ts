/** When credentials and certificates end: plain arithmetic on what the configuration names. */

import { decodeBase64 } from "#lib/format/base64.ts";
import { certificateValidity } from "#lib/format/x509_validity.ts";
import type { KubeConnection, KubePlatform, TextSource } from "#lib/kube/mod.ts";
import type { Finding } from "./report.ts";

/** Something that ends within this is worth a warning. */
const SOON_MS = 14 * 24 * 3600_000;
/** Tokens of pods last an hour and are renewed, so only what is over is told of them. */
const DAY_MS = 24 * 3600_000;
const HOUR_MS = 3600_000;

/** The finding for something that ends at `notAfter`. */
export function expiryFinding(
  check: string,
  { notAfter, nowMs, soonMs = SOON_MS }: {
    readonly notAfter: Date;
    readonly nowMs: number;
    readonly soonMs?: number;
  },
): Finding {
  const leftMs = notAfter.getTime() - nowMs;
  const when = notAfter.toISOString().replace(".000Z", "Z");
  if (leftMs <= 0) {
    return {
      check,
      status: "fail",
      detail: `expired ${when}`,
      hint: "renew it; the server or this client refuses it until then",
    };
  }
  const left = leftMs >= DAY_MS
    ? `${Math.floor(leftMs / DAY_MS)} days`
    : leftMs >= 2 * HOUR_MS
    ? `${Math.floor(leftMs / HOUR_MS)} hours`
    : `${Math.floor(leftMs / 60_000)} minutes`;
  const detail = `expires ${when}, in ${left}`;
  if (leftMs < soonMs) return { check, status: "warn", detail, hint: "renew it in time" };
  return { check, status: "ok", detail };
}

/** Findings about the client certificate and the token that the configuration names, if any. */
export async function credentialFindings(
  connection: KubeConnection,
  { platform, nowMs }: { readonly platform: KubePlatform; readonly nowMs: number },
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const textOf = async ({ text, file }: TextSource) => {
    if (text !== undefined || file === undefined) return text;
    try {
      return await platform.readTextFile(file);
    } catch {
      // The request that follows fails for the same reason and tells it.
      return undefined;
    }
  };
  if (connection.clientCertificate !== undefined) {
    const pem = await textOf(connection.clientCertificate);
    if (pem !== undefined) findings.push(certificateFinding(pem, nowMs));
  }
  if (connection.token !== undefined) {
    const notAfter = tokenExpiry(await textOf(connection.token) ?? "");
    if (notAfter !== undefined) {
      findings.push(expiryFinding("token", { notAfter, nowMs, soonMs: 0 }));
    }
  }
  return findings;
}

function certificateFinding(pem: string, nowMs: number): Finding {
  const check = "client certificate";
  try {
    return expiryFinding(check, { notAfter: certificateValidity(pem).notAfter, nowMs });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { check, status: "warn", detail: `cannot be read: ${reason}` };
  }
}

/** `exp` of a JSON web token; `undefined` for other tokens and for those that never end. */
export function tokenExpiry(token: string): Date | undefined {
  const payload = token.trim().split(".")[1];
  if (payload === undefined) return undefined;
  try {
    const text = new TextDecoder().decode(
      decodeBase64(
        payload.replaceAll("-", "+").replaceAll("_", "/").padEnd(
          Math.ceil(payload.length / 4) * 4,
          "=",
        ),
      ),
    );
    const { exp } = JSON.parse(text);
    return typeof exp === "number" ? new Date(exp * 1000) : undefined;
  } catch {
    // An opaque token that happens to have dots in it.
    return undefined;
  }
}
