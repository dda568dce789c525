/** Why a run is asked to stop: the reason of `RunContext.signal`. */

/** Signals that stop a run. */
export const STOP_SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** One of `STOP_SIGNALS`. */
export type StopSignal = typeof STOP_SIGNALS[number];

/** The first of them has come. An `AbortError` to whoever waits. */
export class StopRequest extends Error {
  override readonly name = "AbortError";
  readonly signal: StopSignal;

  constructor(signal: StopSignal) {
    super("The process was asked to stop");
    this.signal = signal;
  }
}

/** The exit code by which shells know an interrupted program: 143 after SIGTERM, else 130. */
export function interruptedExitCode({ reason }: AbortSignal): 130 | 143 {
  return reason instanceof StopRequest && reason.signal === "SIGTERM" ? 143 : 130;
}
