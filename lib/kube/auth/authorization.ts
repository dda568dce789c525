/** Which value of `Authorization` a request carries. Credentials stay in closures here. */

import type { KubeConnection } from "../config/connection.ts";
import type { ExecCredentials } from "./exec_credentials.ts";
import { type AuthDeps, TokenFile } from "./token_file.ts";

/** Gives the header's value; `rejected` is the value that has just been answered with 401. */
export type Authorization = (rejected?: string) => Promise<string | undefined>;

/** The user's credentials. */
export interface AuthorizationSources {
  readonly config: KubeConnection;
  readonly exec?: ExecCredentials | undefined;
}

/** Undefined when no request may carry credentials: none configured, or a plain `http` server. */
export function createAuthorization(
  { config, exec }: AuthorizationSources,
  deps: AuthDeps,
): Authorization | undefined {
  const isPlain = config.server.startsWith("http:");
  if (isPlain && config.allowInsecureCredentials !== true) return undefined;
  const { fetchToken, token, basic } = config;
  if (fetchToken !== undefined) {
    return async (rejected) => `Bearer ${(await fetchToken(rejected !== undefined)).trim()}`;
  }
  if (token?.file !== undefined) return fromFile(new TokenFile(token.file, deps), token.text);
  if (token?.text !== undefined) {
    const value = `Bearer ${token.text}`;
    return () => Promise.resolve(value);
  }
  if (basic !== undefined) {
    const pair = new TextEncoder().encode(`${basic.username}:${basic.password}`);
    const value = `Basic ${btoa(String.fromCharCode(...pair))}`;
    return () => Promise.resolve(value);
  }
  if (exec === undefined) return undefined;
  return async (rejected) => {
    const credential = await exec.current(rejected?.replace(/^Bearer /, ""));
    return credential.token === undefined ? undefined : `Bearer ${credential.token}`;
  };
}

// compat: kube-client.md 3.1, a token beside a token file serves until the file is readable.
function fromFile(file: TokenFile, initial: string | undefined): Authorization {
  return async (rejected) => {
    try {
      return `Bearer ${await file.read(rejected?.replace(/^Bearer /, ""))}`;
    } catch (error) {
      if (initial === undefined) throw error;
      return `Bearer ${initial}`;
    }
  };
}
