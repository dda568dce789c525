/**
 * `fetch` for whatever port a user's own server has. The platform's refuses those that browsers must not reach
 * (https://fetch.spec.whatwg.org/#port-blocking); for them `node:http` asks, which is loaded for them alone.
 */

/** The part of `fetch` that both have: no body is sent, no redirect followed. */
export type PlainFetch = (url: URL, init: RequestInit) => Promise<Response>;

// https://fetch.spec.whatwg.org/#port-blocking, as of 2025.
const BLOCKED = new Set([
  ...[0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95],
  ...[101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179],
  ...[389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601],
  ...[636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566],
  ...[6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080],
]);

/** Whether `fetch` would refuse the port of a URL. */
export function isBlockedPort(url: URL): boolean {
  return url.port !== "" && BLOCKED.has(Number(url.port));
}

/** Makes the function; `fetch` is asked wherever it would not refuse. Proxies count there alone. */
export function anyPortFetch(fetch: PlainFetch): PlainFetch {
  return async (url, init) => {
    if (!isBlockedPort(url)) return await fetch(url, init);
    const { fetchByNode } = await import("./node_fetch.ts");
    return await fetchByNode(url, init);
  };
}
