/** What people write as the address of an API server, made a URL. */

import { KubeConfigError } from "../errors.ts";

/**
 * The server's URL without trailing slash, query and fragment; its path stays as a prefix. Without a scheme it
 * is `https` when `hasTls` says that certificates or the insecure flag are configured, else `http`.
 *
 * @throws {KubeConfigError}
 */
export function normaliseServerUrl(
  server: string,
  { hasTls }: { readonly hasTls: boolean },
): string {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(server);
  if (!hasScheme && server.includes("/")) {
    throw new KubeConfigError(`Cannot use the server "${server}": it has a path but no scheme`);
  }
  let url: URL;
  try {
    url = new URL(hasScheme ? server : `${hasTls ? "https" : "http"}://${server}`);
  } catch (cause) {
    throw new KubeConfigError(`Cannot use the server "${server}": not a URL`, { cause });
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new KubeConfigError(`Cannot use the server "${server}": scheme is not http or https`);
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}
