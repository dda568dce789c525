/** What every route that sets flags asks of a request: permission, a body within bounds. */

// A binary flag of the greatest size, in base64 and escaped.
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** Why a request may not set anything. */
export interface SettingRefusal {
  readonly status: 401 | 403;
  readonly text: string;
}

/** Whether setting is off, or the request comes from another site or without the token; `undefined` lets it pass. */
export function settingRefusal(
  request: Request,
  { isEnabled, setToken }: { readonly isEnabled: boolean; readonly setToken: string | undefined },
): SettingRefusal | undefined {
  if (!isEnabled) return { status: 403, text: "setting flags is not enabled" };
  if (isCrossSite(request)) return { status: 403, text: "cross-site request refused" };
  if (setToken === undefined || hasToken(request, setToken)) return undefined;
  return { status: 401, text: "token required" };
}

/** The body as text; `undefined` when it is longer than `maxBytes`. */
export async function readBody(
  request: Request,
  maxBytes: number = MAX_BODY_BYTES,
): Promise<string | undefined> {
  if (request.body === null) return "";
  const decoder = new TextDecoder();
  const reader = request.body.getReader();
  let [text, length] = ["", 0];
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.length;
    if (length > maxBytes) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(part.value, { stream: true });
  }
  return text + decoder.decode();
}

/** Whether the body is of a media type, written in any case and with whatever parameters. */
export function isOfType({ headers }: Request, type: string): boolean {
  const [given = ""] = (headers.get("content-type") ?? "").split(";");
  return given.trim().toLowerCase() === type;
}

/** Whether a browser sent the request on behalf of another site, or does not tell on whose. */
function isCrossSite(request: Request): boolean {
  const { headers } = request;
  const site = headers.get("sec-fetch-site");
  // Another port or subdomain is of the same site, but of another owner.
  if (site === "cross-site" || site === "same-site") return true;
  const origin = headers.get("origin");
  if (origin !== null) return !isOwn(origin, request);
  if (site !== null) return false;
  // Without TLS browsers send neither for an image or a link, in a page of anybody: then only the page's address,
  // which can be left out, tells them apart. Programs do not call themselves Mozilla.
  if (!headers.get("user-agent")?.startsWith("Mozilla/")) return false;
  const referrer = headers.get("referer");
  return referrer === null || !isOwn(referrer, request);
}

/** Behind a proxy that ends TLS only the scheme may differ. */
function isOwn(address: string, request: Request): boolean {
  const host = request.headers.get("host") ?? new URL(request.url).host;
  return URL.canParse(address) && new URL(address).host === host;
}

/** Compares without stopping at the first difference, which would tell how much is right. */
function hasToken(request: Request, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
  let difference = given.length ^ token.length;
  for (let at = 0; at < token.length; at++) {
    difference |= token.charCodeAt(at) ^ (given.charCodeAt(at) || 0);
  }
  return difference === 0;
}
