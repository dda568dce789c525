/**
 * The baselines: `Deno.serve` and nothing else. Arguments: bytes of the constant body, port, and `reads` for a
 * server that looks at a request and answers with the headers of serve-config, which any of its kind has to.
 * A handler without parameters is spared the request by the runtime.
 */

const body = new Uint8Array(Number(Deno.args[0])).fill(120);
const ready = new Response(body, {
  headers: {
    "content-type": "text/plain; charset=utf-8",
    etag: '"0123456789abcdef0123456789abcdef"',
    "cache-control": "no-cache",
    "cache-status": "bare; hit; detail=main",
    age: "12",
    "x-content-type-options": "nosniff",
    vary: "Accept-Encoding",
  },
});

function reading(request: Request): Response {
  const { headers } = request;
  const seen = [request.method, request.url, headers.get("accept"), headers.get("if-none-match")];
  return seen.length === 0 || headers.get("accept-encoding") === "none"
    ? new Response()
    : ready.clone();
}

Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.args[1]), onListen() {} },
  Deno.args[2] === "reads" ? reading : () => new Response(body),
);
