/**
 * The doctor's rounds: each step tells what it found and ends the rounds when the next ones would only repeat
 * its failure.
 */

import {
  activeRules,
  createKubeClient,
  createScope,
  DecodeError,
  exitCodeOf,
  KubeApiError,
  loadKubeConnection,
  toAccessRules,
} from "#lib/kube/mod.ts";
import type { KubeClient, KubeConnection, KubePlatform, ScopeDeclaration } from "#lib/kube/mod.ts";
import { readServerCertificate } from "#lib/kube/server_certificate.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import { userAgent } from "#lib/run/version.ts";
import { configurationFinding } from "./configuration.ts";
import { credentialFindings, expiryFinding } from "./expiry.ts";
import { failureFinding, unusableFinding } from "./failures.ts";
import type { DoctorOptions } from "./options.ts";
import type { AccessFinding, DoctorReport, Finding } from "./report.ts";
import { scope } from "./scope.ts";

/** What the doctor needs. */
export interface ExamineDeps {
  readonly platform: KubePlatform;
  readonly parseYaml: (text: string) => unknown;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Declarations to check access for, by command. */
  readonly declarations: ReadonlyMap<string, ScopeDeclaration>;
}

/** The server's clock is told in whole seconds, so less than this is nothing. */
const SKEW_WARN_MS = 5000;

/** Longest time to connect, as for the client. */
const CONNECT_MS = 10_000;

/** Makes the rounds; never rejects but for a fault of our own. */
export async function examine(options: DoctorOptions, deps: ExamineDeps): Promise<DoctorReport> {
  const { platform, parseYaml, clock, log } = deps;
  const findings: Finding[] = [];
  let connection: KubeConnection;
  try {
    connection = await loadKubeConnection(options.kube, { platform, parseYaml, logger: log });
  } catch (error) {
    if (deps.signal.aborted) throw error;
    findings.push(unusableFinding(error));
    return { findings, access: [], exitCode: 1 };
  }
  findings.push(configurationFinding(connection));
  findings.push(...await credentialFindings(connection, { platform, nowMs: clock.now() }));
  const client = createKubeClient({
    config: connection,
    platform,
    scope: createScope(scope, { active: new Set(["identity"]) }),
    clock,
    logger: log,
    requestTimeoutMs: options.requestTimeoutMs,
    qps: options.qps,
    burst: options.burst,
    userAgent: options.userAgent ?? userAgent("doctor"),
    hideApiWarnings: options.hideApiWarnings,
    traceBodies: options.traceBodies,
  });
  try {
    return await examineServer(client, { options, deps, connection, findings });
  } finally {
    await client.close();
  }
}

async function examineServer(
  client: KubeClient,
  { options, deps, connection, findings }: {
    readonly options: DoctorOptions;
    readonly deps: ExamineDeps;
    readonly connection: KubeConnection;
    readonly findings: Finding[];
  },
): Promise<DoctorReport> {
  const { signal } = deps;
  // Side by side: a server that is silent would be waited for twice.
  const { requestTimeoutMs } = options;
  const certificate = serverCertificateFindings(connection, {
    ...deps,
    timeoutMs: requestTimeoutMs > 0 ? Math.min(CONNECT_MS, requestTimeoutMs) : CONNECT_MS,
  });
  const answer = serverFindings(client, deps);
  try {
    const [seen] = await Promise.allSettled([certificate, answer]);
    if (seen.status === "fulfilled") findings.push(...seen.value);
    findings.push(...await answer);
    findings.push(await identityFinding(client, signal));
    const access = options.checkAccess
      ? await reviewRules(client, { options, deps, home: connection.namespace ?? "default" })
      : [];
    const denied = access.some(({ allowed, optional }) => !allowed && !optional);
    const failed = findings.some(({ status }) => status === "fail");
    return { findings, access, exitCode: denied ? 5 : failed ? 1 : 0 };
  } catch (error) {
    if (signal.aborted) throw error;
    findings.push(failureFinding(error, { connection, findings }));
    return { findings, access: [], exitCode: exitCodeOf(error) };
  }
}

async function serverCertificateFindings(
  { server, serverName, proxyUrl, insecure }: KubeConnection,
  { clock, signal, timeoutMs }: ExamineDeps & { readonly timeoutMs: number },
): Promise<Finding[]> {
  try {
    const certificate = await readServerCertificate({ server, serverName, proxyUrl }, {
      signal,
      clock,
      timeoutMs,
    });
    if (certificate === undefined) return [];
    const { notAfter } = certificate;
    const check = "server certificate";
    const finding = expiryFinding(check, { notAfter, nowMs: clock.now() });
    if (insecure !== true) return [finding];
    return [{
      check,
      status: finding.status === "fail" ? "fail" : "warn",
      detail: `not verified, ${finding.detail}`,
      hint: "anybody can be the server: name its authority with --certificate-authority",
    }];
  } catch (error) {
    if (signal.aborted) throw error;
    // The request that follows fails for the same reason and tells it.
    return [];
  }
}

async function serverFindings(
  client: KubeClient,
  { clock, signal }: ExamineDeps,
): Promise<Finding[]> {
  // The first request pays for the connection; the second tells the round trip.
  await client.raw("GET", "/version", { signal });
  const startedAt = clock.monotonic();
  const { headers, bytes } = await client.raw("GET", "/version", { signal });
  const tookMs = Math.round(clock.monotonic() - startedAt);
  const gitVersion = versionOf(bytes);
  const findings: Finding[] = [{
    check: "server",
    status: "ok",
    detail: `Kubernetes ${gitVersion}, answers in ${tookMs} ms`,
  }];
  const date = Date.parse(String(headers["date"]));
  if (!Number.isNaN(date)) findings.push(clockFinding(clock.now() - date));
  return findings;
}

/** @throws {DecodeError} when it is not the answer of an API server */
function versionOf(bytes: Uint8Array): string {
  let answer: unknown;
  try {
    answer = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new DecodeError("get /version: the answer is not JSON", { cause });
  }
  const { gitVersion } = (answer ?? {}) as { readonly gitVersion?: unknown };
  if (typeof gitVersion === "string") return gitVersion;
  throw new DecodeError("get /version: the answer names no version");
}

function clockFinding(skewMs: number): Finding {
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (Math.abs(skewMs) < SKEW_WARN_MS) {
    return { check: "clock", status: "ok", detail: "as the server's, within 5 s" };
  }
  return {
    check: "clock",
    status: "warn",
    detail: `${seconds} s ${skewMs > 0 ? "ahead of" : "behind"} the server's`,
    hint: "tokens and certificates are judged by the clock; synchronise it",
  };
}

const REVIEWS = {
  group: "authentication.k8s.io",
  version: "v1",
  resource: "selfsubjectreviews",
} as const;

async function identityFinding(client: KubeClient, signal: AbortSignal): Promise<Finding> {
  try {
    const review = await client.create(REVIEWS, {
      apiVersion: "authentication.k8s.io/v1",
      kind: "SelfSubjectReview",
    }, { signal });
    const status = review["status"] as { userInfo?: { username?: string; groups?: string[] } };
    const { username = "unknown", groups = [] } = status?.userInfo ?? {};
    const shown = groups.filter((group) => group !== "system:authenticated");
    const detail = shown.length === 0 ? username : `${username} in ${shown.join(", ")}`;
    return { check: "identity", status: "ok", detail };
  } catch (error) {
    // Servers before 1.28 do not have it, and an administrator may have taken it away.
    if (error instanceof KubeApiError && (error.status === 404 || error.status === 403)) {
      return { check: "identity", status: "warn", detail: "the server does not tell who we are" };
    }
    throw error;
  }
}

async function reviewRules(
  client: KubeClient,
  { options, deps, home }: {
    readonly options: DoctorOptions;
    readonly deps: ExamineDeps;
    readonly home: string;
  },
): Promise<AccessFinding[]> {
  const namespaces = options.namespaces.length === 0 ? [home] : options.namespaces;
  const found: AccessFinding[] = [];
  for (const [command, declaration] of deps.declarations) {
    for (const rule of activeRules(declaration, new Set(["identity"]))) {
      const questions = toAccessRules([rule], namespaces);
      const reviews = await client.accessReview(questions, { signal: deps.signal });
      const optional = rule.optional ?? false;
      found.push(...reviews.map((review) => ({ ...review, command, optional })));
    }
  }
  return found;
}
