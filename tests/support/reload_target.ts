/** An application that is reloaded by HTTP: notes each request, answers as it is told. */

/** The target. */
export interface ReloadTarget extends AsyncDisposable {
  readonly url: string;
  /** Requests so far. */
  readonly requests: readonly {
    readonly method: string;
    readonly hash: string;
    readonly at: number;
  }[];
  /** Status of the next answers. */
  status: number;
}

/** Starts one on a free port. */
export function startReloadTarget(): ReloadTarget {
  const requests: { method: string; hash: string; at: number }[] = [];
  const answer = { status: 200 };
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request: Request): Response => {
      const hash = request.headers.get("x-kcfg-config-hash") ?? "";
      requests.push({ method: request.method, hash, at: performance.now() });
      return new Response("noted", answer);
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/-/reload`,
    requests,
    get status() {
      return answer.status;
    },
    set status(status) {
      answer.status = status;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
