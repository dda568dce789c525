/** Many clients of `/events`: what they cost in memory, and when the last of them has a change. */

import { type BenchServer, rssMb, say } from "../processes.ts";

/** Connects, changes a value, waits until all have it. */
export async function streamClients(
  { port, pid }: BenchServer,
  { config, clients }: { readonly config: string; readonly clients: number },
): Promise<void> {
  const before = rssMb(pid);
  const connections = await Promise.all(Array.from({ length: clients }, () => open(port)));
  await Promise.all(connections.map((connection) => connection.until("\n\n")));
  const after = rssMb(pid);
  const startedAt = performance.now();
  const told = connections.map((connection) =>
    connection.until('"flag_0"').then(() => performance.now() - startedAt)
  );
  await Deno.writeTextFile(`${config}/flag_0`, "4242");
  const times = (await Promise.all(told)).sort((a, b) => a - b);
  for (const connection of connections) connection.close();
  say(
    `${clients} stream clients: ${
      ((after - before) * 1024 / clients).toFixed(1)
    } KiB each; a written file ` +
      `reaches the first after ${times[0]?.toFixed(1)} ms (50 ms of quiet included), the last ${
        ((times.at(-1) ?? NaN) - (times[0] ?? NaN)).toFixed(1)
      } ms later`,
  );
}

async function open(port: number) {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const request = "GET /events HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n";
  await connection.write(new TextEncoder().encode(request));
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(16 * 1024);
  let text = "";
  return {
    /** Reads on until the text stands somewhere behind what was read before. */
    async until(wanted: string): Promise<void> {
      while (!text.includes(wanted)) {
        const count = await connection.read(buffer);
        if (count === null) throw new Error("The server closed the stream");
        text += decoder.decode(buffer.subarray(0, count), { stream: true });
      }
      text = "";
    },
    close: () => connection.close(),
  };
}
