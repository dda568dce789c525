/** What a probe found (resolve.md 13). Data alone: printing must not load gRPC. */

/** Health of an address, or why there is none. */
export type ProbeStatus =
  | "SERVING"
  | "NOT_SERVING"
  | "UNKNOWN"
  | "SERVICE_UNKNOWN"
  | "UNIMPLEMENTED"
  | "UNREACHABLE"
  | "TIMEOUT"
  | "ERROR";

/** Result of one call. */
export interface ProbeResult {
  readonly status: ProbeStatus;
  /** Status of the call; null when none was made. */
  readonly grpcCode: number | null;
  readonly message: string;
  readonly connectMs: number;
  readonly rpcMs: number;
  /** Service asked about, empty for the whole server. */
  readonly service: string;
}

/** The worst of an endpoint's results, for one column. */
export function worstOf(results: readonly ProbeResult[]): ProbeResult | undefined {
  return results.find(({ status }) => status !== "SERVING") ?? results[0];
}
