/** Client certificates as a proof of who one is (serve-config.md 14.9); the listener has verified them already. */

import { nameOf } from "./certificate_name.ts";
import type { VerifiedCertificate } from "./certificate_name.ts";
import type { Identity } from "./identity.ts";

/**
 * Makes the function that names whoever holds a certificate. With `same-name` that may read the application of its
 * name, or of the last part of its path where the name is a URI: `spiffe://cluster.local/ns/team-a/sa/orders` is
 * `orders`.
 */
export function createCertified(
  { authz }: { readonly authz: "none" | "same-name" },
  certificateOf: (request: Request) => VerifiedCertificate | undefined,
): (request: Request) => Identity | undefined {
  return (request) => {
    const certificate = certificateOf(request);
    const name = certificate && nameOf(certificate);
    if (name === undefined) return undefined;
    const own = name.includes("://") ? name.slice(name.lastIndexOf("/") + 1) : name;
    return { name, mayRead: (application) => authz === "none" || application === own };
  };
}
