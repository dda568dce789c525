/** The baseline: `Deno.serve` and nothing else. Argument: bytes of the constant body. */

const body = new Uint8Array(Number(Deno.args[0])).fill(120);
Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => void Deno.stderr.writeSync(new TextEncoder().encode(`port=${port}\n`)),
}, () => new Response(body));
