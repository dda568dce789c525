/** How a one-shot command ends after an error of the client. */

import { DecodeError, KubeApiError, KubeTransportError } from "./errors.ts";

/** 5 when the server refuses the user, 6 when it cannot be reached or does not work, else 1. */
export function exitCodeOf(error: unknown): 1 | 5 | 6 {
  if (error instanceof KubeApiError) {
    const { status } = error;
    if (status === 401 || status === 403) return 5;
    return status >= 500 || (status >= 300 && status < 400) ? 6 : 1;
  }
  return error instanceof KubeTransportError || error instanceof DecodeError ? 6 : 1;
}
