/** Exit codes of one-shot commands. */

import assert from "node:assert/strict";
import {
  DecodeError,
  KubeApiError,
  KubeConfigError,
  KubeTransportError,
  ScopeError,
  TransportError,
} from "./errors.ts";
import { exitCodeOf } from "./exit_code.ts";

function answered(status: number): KubeApiError {
  const fields = { verb: "get", resource: "pods", reason: "R", statusMessage: "m", url: "/" };
  return new KubeApiError({ ...fields, status });
}

Deno.test("exitCodeOf() tells denied from unreachable from the rest", () => {
  const cases: [unknown, number][] = [
    [answered(401), 5],
    [answered(403), 5],
    [answered(404), 1],
    [answered(302), 6],
    [answered(503), 6],
    [new KubeTransportError("m", new TransportError("tls", "m")), 6],
    [new DecodeError("m"), 6],
    [new KubeConfigError("m"), 1],
    [new ScopeError("m"), 1],
    [new Error("m"), 1],
  ];
  for (const [error, code] of cases) assert.equal(exitCodeOf(error), code, String(error));
});
