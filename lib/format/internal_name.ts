/** Names and addresses for which no public authority may issue a certificate. */

import { isInNetwork, parseIpAddress } from "./ip_address.ts";

/** Reserved addresses that API servers have: private, shared, of this machine and of this link. */
const NETWORKS: readonly (readonly [string, number])[] = [
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["::1", 128],
  ["fc00::", 7],
  ["fe80::", 10],
];

/** Last labels that are not delegated and will not be: RFC 6761, RFC 6762, and Kubernetes' own. */
const LAST_LABELS = ["svc", "local", "internal", "localhost", "test"];

/**
 * Whether public authorities must not issue for it: a reserved address or an internal name as the baseline
 * requirements of the CA/Browser Forum (7.1.4.2) call them.
 *
 * @param name host without brackets; public names that only look internal count as public
 */
export function isInternalName(name: string): boolean {
  const address = parseIpAddress(name);
  if (address !== undefined) {
    return NETWORKS.some(([text, bits]) => {
      const network = parseIpAddress(text);
      return network !== undefined && isInNetwork(address, network, bits);
    });
  }
  const labels = name.toLowerCase().split(".");
  return (labels.length === 1 && name !== "") || LAST_LABELS.includes(labels.at(-1) ?? "");
}
