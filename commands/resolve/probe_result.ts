/** What a probe found (resolve.md 13). */

/** Health of an address. */
export type ProbeStatus =
  | "SERVING"
  | "NOT_SERVING"
  | "UNKNOWN"
  | "SERVICE_UNKNOWN"
  | "UNIMPLEMENTED"
  | "UNREACHABLE"
  | "TIMEOUT"
  | "ERROR";

/** One probe. */
export interface ProbeResult {
  readonly status: ProbeStatus;
  readonly grpcCode: number | null;
  readonly message: string;
  readonly connectMs: number | null;
  readonly rpcMs: number | null;
  readonly service: string;
}
