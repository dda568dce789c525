/** The baseline: `Deno.serve` and nothing else. Arguments: bytes of the constant body, port. */

const body = new Uint8Array(Number(Deno.args[0])).fill(120);
Deno.serve({
  hostname: "127.0.0.1",
  port: Number(Deno.args[1]),
  onListen() {},
}, () => new Response(body));
