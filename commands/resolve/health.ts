/** The messages of grpc.health.v1, two fields that are too small for a code generator. Pure. */

/** Answers of a server, by their numbers. */
const STATUSES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const;

/** Method that is called. */
export const HEALTH_METHOD = "/grpc.health.v1.Health/Check";

/** `HealthCheckRequest`: field 1 is the name of the service; nothing for the whole server. */
export function encodeHealthRequest(service: string): Uint8Array {
  const name = new TextEncoder().encode(service);
  if (name.length === 0) return name;
  const length: number[] = [];
  let rest = name.length;
  while (rest >= 0x80) {
    length.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return Uint8Array.from([0x0a, ...length, rest, ...name]);
}

/** `HealthCheckResponse`: field 1 is the status; an absent one is UNKNOWN. */
export function decodeHealthResponse(bytes: Uint8Array): typeof STATUSES[number] {
  const [tag, value] = bytes;
  if (tag !== 0x08 || value === undefined) return "UNKNOWN";
  return STATUSES[value] ?? "UNKNOWN";
}
