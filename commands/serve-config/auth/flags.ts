/** What can be said about who may read (serve-config.md 14.9), and how it is checked. */

import { choiceFlag, textFlag } from "#lib/cli/flag.ts";
import type { ResolvedFlags } from "#lib/cli/resolve_flags.ts";
import { UsageError } from "#lib/cli/usage_error.ts";

const AUTH = "Access";

/** Ways to prove who one is. */
export type AuthMethod = "bearer" | "tokenreview" | "mtls";

/** Flags by name. */
export const AUTH_FLAGS = {
  auth: textFlag({
    brief: "Ways to prove who one is, any of a list: none, bearer, tokenreview, mtls",
    category: AUTH,
    default: "none",
    env: ["AUTH"],
    placeholder: "METHODS",
  }),
  "auth-token-file": textFlag({
    brief: "For bearer: lines of a token and the applications it may read (globs, all when absent)",
    category: AUTH,
    default: "",
    env: ["AUTH_TOKEN_FILE"],
    placeholder: "FILE",
  }),
  "auth-audience": textFlag({
    brief: "For tokenreview: the audience that tokens must be made for",
    category: AUTH,
    default: "kcfg",
    env: ["AUTH_AUDIENCE"],
  }),
  authz: choiceFlag({
    brief:
      "What they may read: none asks no more; same-name is the application called like the service account, or " +
      "named in its annotation kcfg.dev/apps, or called like the certificate; files called application are for all",
    category: AUTH,
    default: "none",
    choices: ["none", "same-name"],
    env: ["AUTHZ"],
  }),
  "tls-cert-file": textFlag({
    brief:
      "Certificate chain of the application listener, which then speaks TLS alone; followed when renewed",
    category: AUTH,
    default: "",
    env: ["TLS_CERT_FILE"],
    placeholder: "FILE",
  }),
  "tls-key-file": textFlag({
    brief: "Key of the certificate",
    category: AUTH,
    default: "",
    env: ["TLS_KEY_FILE"],
    placeholder: "FILE",
  }),
  "tls-client-ca-file": textFlag({
    brief: "Authorities whose client certificates are asked for; without one the connection ends",
    category: AUTH,
    default: "",
    env: ["TLS_CLIENT_CA_FILE"],
    placeholder: "FILE",
  }),
} as const;

/** Checked options; no method means that everybody may read. */
export interface AuthSettings {
  readonly methods: readonly AuthMethod[];
  readonly tokenFile: string | undefined;
  readonly audience: string;
  readonly authz: "none" | "same-name";
  readonly tls: TlsFiles | undefined;
}

/** Files of the application listener's TLS. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientCaFile: string | undefined;
}

/** Checks them. @throws {UsageError} */
export function toAuthSettings({ values }: ResolvedFlags<typeof AUTH_FLAGS>): AuthSettings {
  const methods = values.auth.split(",").map((word) => word.trim())
    .filter((word) => word !== "" && word !== "none").map(toMethod);
  const tokenFile = values["auth-token-file"];
  if (methods.includes("bearer") !== (tokenFile !== "")) {
    throw new UsageError(
      tokenFile === ""
        ? "Option auth: bearer needs --auth-token-file"
        : "Option auth-token-file: it needs --auth=bearer",
    );
  }
  if (methods.includes("mtls") && values["tls-client-ca-file"] === "") {
    throw new UsageError("Option auth: mtls needs --tls-client-ca-file");
  }
  const named = methods.includes("tokenreview") || methods.includes("mtls");
  if (values.authz === "same-name" && !named) {
    throw new UsageError("Option authz: same-name needs --auth=tokenreview or mtls");
  }
  return {
    methods,
    tokenFile: tokenFile === "" ? undefined : tokenFile,
    audience: values["auth-audience"],
    authz: values.authz,
    tls: tlsOf(values),
  };
}

function toMethod(word: string): AuthMethod {
  if (word === "bearer" || word === "tokenreview" || word === "mtls") return word;
  throw new UsageError(
    word === "basic"
      ? "Option auth: basic is not available in this version"
      : `Option auth: "${word}" is not one of none, bearer, tokenreview, mtls`,
  );
}

function tlsOf(values: ResolvedFlags<typeof AUTH_FLAGS>["values"]): TlsFiles | undefined {
  const certFile = values["tls-cert-file"];
  const keyFile = values["tls-key-file"];
  const clientCaFile = values["tls-client-ca-file"];
  if ((certFile === "") !== (keyFile === "")) {
    throw new UsageError("Options tls-cert-file and tls-key-file: one needs the other");
  }
  if (certFile === "" && clientCaFile !== "") {
    throw new UsageError("Option tls-client-ca-file: it needs --tls-cert-file");
  }
  if (certFile === "") return undefined;
  return { certFile, keyFile, clientCaFile: clientCaFile === "" ? undefined : clientCaFile };
}
