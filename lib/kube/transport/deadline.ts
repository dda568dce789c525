/** The end of a request's time: the caller's signal and the time-out as one signal with a typed reason. */

import type { Clock } from "#lib/run/clock.ts";
import { untilAborted } from "#lib/run/until_aborted.ts";
import { KubeAuthError, TransportError } from "../errors.ts";
import type { TransportRequest, TransportResponse } from "./contract.ts";

/** Follows one request from start to the end of its body. */
export interface Deadline {
  /** Aborted with a `TransportError` of kind `aborted` or `timeout`. */
  readonly signal: AbortSignal;
  /** Waits for `work`, but not past the deadline; a late result goes to `discard`. */
  race<T>(work: Promise<T>, discard?: (late: T) => void): Promise<T>;
  /**
   * The same for credentials, which the server has no part in.
   *
   * @throws {KubeAuthError} when they are not there in time
   */
  raceCredentials<T>(work: Promise<T>): Promise<T>;
  /** Ends with the body of `response`, or already now as far as time is concerned. */
  follow(
    response: TransportResponse,
    options: { readonly untilHeaders: boolean },
  ): TransportResponse;
  /** Forgets timer and listener; idempotent. */
  end(): void;
}

/** Starts the time of a request. */
export function createDeadline(
  { signal, timeoutMs = 0, method, path }: TransportRequest,
  clock: Clock,
): Deadline {
  const controller = new AbortController();
  const subject = `${method} ${path.split("?")[0]}`;
  const shownMs = Math.round(timeoutMs);
  const onAbort = () =>
    controller.abort(
      new TransportError("aborted", `${subject} was aborted`, { cause: signal?.reason }),
    );
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = timeoutMs <= 0 ? undefined : clock.timer(
    () =>
      controller.abort(
        new TransportError("timeout", `${subject} was not answered within ${shownMs} ms`),
      ),
    timeoutMs,
    { unref: true },
  );
  const end = () => {
    timer?.cancel();
    signal?.removeEventListener("abort", onAbort);
  };
  return {
    signal: controller.signal,
    end,
    race: (work, discard) => untilAborted(work, controller.signal, discard),
    async raceCredentials(work) {
      try {
        return await untilAborted(work, controller.signal);
      } catch (cause) {
        if (!(cause instanceof TransportError) || cause.kind !== "timeout") throw cause;
        const state = `there were no credentials within ${shownMs} ms`;
        throw new KubeAuthError(`${subject} was not sent: ${state}`);
      }
    },
    follow(response, { untilHeaders }) {
      if (untilHeaders) timer?.cancel();
      return {
        status: response.status,
        headers: response.headers,
        protocol: response.protocol,
        body: endingWith(response.body, end),
        bytes: (maxBytes) => response.bytes(maxBytes).finally(end),
        cancel() {
          end();
          response.cancel();
        },
      };
    },
  };
}

async function* endingWith(
  body: AsyncIterable<readonly Uint8Array[]>,
  end: () => void,
): AsyncGenerator<readonly Uint8Array[], void, void> {
  try {
    yield* body;
  } finally {
    end();
  }
}
