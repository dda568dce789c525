/** What the faults of the script that answer a request answer. */

import type { Exchange } from "#tests/support/kube_server/exchange.ts";
import { H2_CANCEL } from "#tests/support/kube_server/exchange.ts";
import type { Fault, StatusFault } from "#tests/support/kube_server/faults.ts";
import { StatusError } from "#tests/support/kube_server/status.ts";
import type { Timers } from "#tests/support/kube_server/timers.ts";

const REASONS: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Expired",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

const PAGE = "<!DOCTYPE html><html><head><title>Log in</title></head><body>Log in</body></html>";

/** The failure that a status fault describes. */
export function statusOf(fault: StatusFault): StatusError {
  const { code, retryAfterSeconds } = fault;
  const reason = fault.reason ?? REASONS[code] ?? "Unknown";
  const details = {
    ...fault.details,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
  return new StatusError({
    code,
    reason,
    message: fault.message ?? `injected fault: ${reason}`,
    ...(Object.keys(details).length === 0 ? {} : { details }),
    ...(fault.metadata === undefined ? {} : { metadata: fault.metadata }),
    ...(retryAfterSeconds === undefined
      ? {}
      : { headers: { "retry-after": String(retryAfterSeconds) } }),
  });
}

/** Does what `fault` says; true when the request is answered (or never will be). */
export async function runFault(
  fault: Fault,
  { exchange, timers }: { readonly exchange: Exchange; readonly timers: Timers },
): Promise<boolean> {
  switch (fault.kind) {
    case "refuse":
      exchange.cut();
      return true;
    case "reset":
      exchange.reset(fault.code ?? H2_CANCEL);
      return true;
    case "hang":
      return true;
    case "status":
      throw statusOf(fault);
    case "redirect":
      exchange.text(fault.code ?? 302, "", { location: fault.location });
      return true;
    case "html":
      exchange.text(200, PAGE, { "content-type": "text/html; charset=utf-8" });
      return true;
    case "answer":
      exchange.text(fault.code ?? 200, fault.text, { "content-type": fault.contentType });
      return true;
    case "delay":
      await timers.wait(fault.ms);
      return false;
    case "warning":
      exchange.warn(fault.text);
      return false;
    case "goaway":
      exchange.goaway(fault.mode);
      // A stream above the last one was, by that frame, not processed.
      return fault.mode === "lowLastStream";
    case "truncate":
      exchange.truncation = fault;
      return false;
    case "stream":
      return false;
  }
}
