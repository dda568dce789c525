/** IP addresses as bytes. */

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** The 4 or 16 bytes of an address without brackets; `undefined` for anything else, a zone included. */
export function parseIpAddress(text: string): Uint8Array | undefined {
  if (IPV4.test(text)) {
    const parts = text.split(".").map(Number);
    return parts.every((part) => part <= 255) ? Uint8Array.from(parts) : undefined;
  }
  if (!text.includes(":") || !URL.canParse(`http://[${text}]`)) return undefined;
  // In the canonical form an embedded IPv4 address is hexadecimal, too.
  const canonical = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [before = [], after = []] = canonical.split("::").map((half) =>
    half.split(":").filter((group) => group !== "").map((group) => parseInt(group, 16))
  );
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  const groups = [...before, ...zeros, ...after];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

/** Whether the first `bits` of two addresses of one family are the same. */
export function isInNetwork(address: Uint8Array, network: Uint8Array, bits: number): boolean {
  if (address.length !== network.length || bits > 8 * network.length) return false;
  return network.every((byte, at) => {
    const free = Math.min(8, Math.max(0, 8 * (at + 1) - bits));
    return byte >> free === (address[at] ?? 0) >> free;
  });
}
