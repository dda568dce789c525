/** What a caller's headers must be before they are sent. */

import { TransportError } from "../errors.ts";
import type { HeaderValues } from "./contract.ts";

const CONNECTION_HEADERS = ["host", "connection", "transfer-encoding"];

/**
 * Lower-cases names and drops what belongs to the connection.
 *
 * @throws {TransportError} `protocol` for CR, LF or NUL in a value: the runtime would drop it silently
 */
export function checkHeaders(headers: HeaderValues): Record<string, string | readonly string[]> {
  const checked: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    const key = name.toLowerCase();
    if (value === undefined || CONNECTION_HEADERS.includes(key)) continue;
    for (const line of typeof value === "string" ? [value] : value) {
      if (/[\r\n\0]/.test(line)) {
        throw new TransportError(
          "protocol",
          `Cannot send the header "${key}": its value has a line break or a NUL`,
        );
      }
    }
    checked[key] = value;
  }
  return checked;
}
