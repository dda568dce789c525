/** Headers with which a user acts as another one. */

import type { Impersonation } from "../config/connection.ts";
import type { HeaderValues } from "../transport/contract.ts";

/** One header line per group and per extra value: the server would read a joined line as one value. */
export function impersonationHeaders(impersonation: Impersonation): HeaderValues {
  const { user, uid, groups = [], extra = {} } = impersonation;
  const headers: Record<string, string | readonly string[]> = { "impersonate-user": user };
  if (uid !== undefined) headers["impersonate-uid"] = uid;
  if (groups.length > 0) headers["impersonate-group"] = groups;
  for (const [key, values] of Object.entries(extra)) {
    headers[`impersonate-extra-${escapeKey(key)}`] = values;
  }
  return headers;
}

// What is not an HTTP token, and the percent sign itself, is escaped byte by byte.
function escapeKey(key: string): string {
  return [...new TextEncoder().encode(key.toLowerCase())].map((byte) => {
    const character = String.fromCharCode(byte);
    if (/[a-z0-9!#$&'*+\-.^_`|~]/.test(character)) return character;
    return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}
