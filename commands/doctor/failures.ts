/** What went wrong on the way to the server, in words, and what to do about it. */

import {
  KubeApiError,
  KubeAuthError,
  KubeConfigMissingError,
  KubeTransportError,
} from "#lib/kube/mod.ts";
import type { KubeConnection } from "#lib/kube/mod.ts";
import { describeError } from "#lib/log/redact.ts";
import type { Finding } from "./report.ts";

/** The finding for a configuration that cannot be used. */
export function unusableFinding(error: unknown): Finding {
  const isMissing = error instanceof KubeConfigMissingError;
  return {
    check: "configuration",
    status: "fail",
    detail: reasonOf(error),
    hint: isMissing
      ? "name a file with --kubeconfig, a server with --server, or run inside a pod"
      : "mend what is named there, or choose another with --kubeconfig and --context",
  };
}

/** The finding for a request that failed, told beside what was found before. */
export function failureFinding(
  error: unknown,
  { connection, findings }: {
    readonly connection: KubeConnection;
    readonly findings: readonly Finding[];
  },
): Finding {
  const finding = (check: string, hint: string | undefined): Finding => ({
    ...{ check, status: "fail", detail: reasonOf(error) },
    ...(hint !== undefined && { hint }),
  });
  if (error instanceof KubeAuthError) {
    return finding(
      "credentials",
      connection.exec === undefined
        ? "look at the files that the user of the context names"
        : "the server was not asked: run the plugin by itself, as the user of the context says",
    );
  }
  if (error instanceof KubeApiError) return finding(...apiHint(error, connection));
  if (!(error instanceof KubeTransportError)) {
    return finding("server", "whatever answers there does not speak as Kubernetes does");
  }
  if (error.kind === "tls" || error.kind === "connect") {
    const isTold = findings.some(({ check, status }) =>
      check === "server certificate" && status === "fail"
    );
    if (isTold) return finding("server", undefined);
  }
  // The runtime's words for a certificate and a key that do not belong together, or that it cannot read.
  const isPairUnfit = error.kind === "tls" && connection.clientCertificate !== undefined &&
    error.message.endsWith("unsupported protocol");
  return finding(
    "server",
    isPairUnfit
      ? "does the client key belong to the client certificate, and are both intact?"
      : TRANSPORT_HINTS[error.kind],
  );
}

function apiHint(
  { status, message }: KubeApiError,
  { server }: KubeConnection,
): [check: string, hint: string] {
  if (status === 401) {
    return [
      "identity",
      "the credentials are not accepted: renew them, or check which user the context names",
    ];
  }
  if (status === 400 && server.startsWith("http:") && message.includes("HTTPS")) {
    return ["server", "it speaks TLS: write https:// in front of its address"];
  }
  if (status === 403) {
    return ["server", "it answered, and gives this user nothing: see who the context says we are"];
  }
  return ["server", "the server answered, so address and certificates are right"];
}

const TRANSPORT_HINTS: Readonly<Record<string, string>> = {
  connect: "is the address right, and can it be reached from here?",
  tls:
    "name the right authority with --certificate-authority, or the name in the certificate with " +
    "--tls-server-name",
  proxy: "look at --proxy-url and HTTPS_PROXY, or use --no-env-proxy",
  timeout: "is the server overloaded, or --request-timeout too short?",
};

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? describeError(error) : String(error);
  return text.trim().replace(/\s*\n\s*/g, "; ");
}
