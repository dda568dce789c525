/** Messages of the bus (serve-config.md 8.4): JSON objects, of which one type asks for a refresh. */

/** What a message says. */
export type BusEvent =
  | {
    readonly kind: "refresh";
    /** Applications it means; `**` for all. */
    readonly destination: string;
    readonly id: string | undefined;
    readonly origin: string | undefined;
  }
  /** Not for us. */
  | { readonly kind: "ignored"; readonly type: string }
  | { readonly kind: "malformed"; readonly reason: string };

const REFRESH_TYPE = "RefreshRemoteApplicationEvent";

/** Reads a message; never throws. */
export function parseBusEvent(body: Uint8Array): BusEvent {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { kind: "malformed", reason: "it is not JSON" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { kind: "malformed", reason: "it is not an object" };
  }
  const { type, destinationService, id, originService } = value as Record<string, unknown>;
  if (typeof type !== "string") return { kind: "malformed", reason: "its type is not a text" };
  if (type !== REFRESH_TYPE) return { kind: "ignored", type };
  const destination = destinationService ?? "";
  if (typeof destination !== "string") return { kind: "ignored", type };
  return {
    kind: "refresh",
    destination: destination.trim() === "" ? "**" : destination,
    id: textOf(id),
    origin: textOf(originService),
  };
}

/** Writes a refresh of `destination`, in the form of Spring Cloud Bus. */
export function refreshEvent(
  { destination, id, origin, nowMs }: {
    readonly destination: string;
    readonly id: string;
    readonly origin: string;
    readonly nowMs: number;
  },
): Uint8Array<ArrayBuffer> {
  const event = {
    type: REFRESH_TYPE,
    timestamp: nowMs,
    originService: origin,
    destinationService: destination,
    id,
  };
  return new TextEncoder().encode(JSON.stringify(event));
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
