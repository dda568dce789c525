/**
 * A program with a client of the Kubernetes transport that has no request under way when its server says goodbye.
 * Arguments: URL of the server, file with its authority. Asks once, waits for a line on stdin, asks again, and prints
 * what it got each time. Run with `MALLOC_PERTURB_`, it dies of any use of freed memory, not now and then.
 */

import { createTransport } from "#lib/kube/transport/transport.ts";

const [server = "", authority = ""] = Deno.args;
const transport = createTransport({ server, tls: { ca: await Deno.readTextFile(authority) } });

async function ask(): Promise<void> {
  const response = await transport.request({ method: "GET", path: "/", timeoutMs: 4000 });
  const text = new TextDecoder().decode(await response.bytes(1024));
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

await ask();
await Deno.stdin.read(new Uint8Array(1));
await ask();
await transport.close();
