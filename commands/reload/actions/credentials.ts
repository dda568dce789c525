/** Credentials of a target: those of its URL, or of files; and the URL without them. */

import { encodeBase64 } from "#lib/format/base64.ts";

/** Files that count more than what the URL says; read for each request. */
export interface CredentialFiles {
  readonly usernameFile: string | undefined;
  readonly passwordFile: string | undefined;
}

/** The header for basic authentication, where there is anything to say. */
export async function authorizationOf(
  url: URL,
  { usernameFile, passwordFile }: CredentialFiles,
): Promise<[string, string][]> {
  const inUrl = url.username !== "" || url.password !== "";
  if (usernameFile === undefined && passwordFile === undefined && !inUrl) return [];
  const read = async (file: string | undefined, other: string) =>
    file === undefined ? decodeURIComponent(other) : (await Deno.readTextFile(file)).trim();
  const user = await read(usernameFile, url.username);
  const password = await read(passwordFile, url.password);
  const encoded = encodeBase64(new TextEncoder().encode(`${user}:${password}`));
  return [["authorization", `Basic ${encoded}`]];
}

/** The URL as it is asked, and as messages show it. */
export function withoutUserinfo(url: URL): URL {
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  return bare;
}

/** The URL as metrics show it: the password is nobody's business. */
export function shownUrl(url: URL): string {
  const shown = new URL(url);
  if (shown.password !== "") shown.password = "xxxxx";
  return shown.href;
}
