/**
 * What `bench/kube.ts` measures against, as a process of its own: an HTTP/2 server that sends prepared bytes for
 * lists and watches, so that its own work weighs little. Prints port and authority as one line of JSON.
 */

import { once } from "node:events";
import { createSecureServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { createCertificateAuthority } from "#tests/support/certificates.ts";
import { EVENTS, KEPT_EVENTS, OBJECTS, PAGE } from "./sizes.ts";

interface Body {
  readonly plain: Uint8Array;
  readonly gzip: Uint8Array;
}

const encoder = new TextEncoder();

function body(value: unknown): Body {
  const plain = encoder.encode(JSON.stringify(value));
  return { plain, gzip: gzipSync(plain, { level: 1 }) };
}

/** A ConfigMap of about `bytes`, with the members that a real one has. */
function configMap(index: number, bytes: number, resourceVersion: number) {
  const words = Array.from(
    { length: 40 },
    (_, i) => `key-${i}=${(index * 7919 + i * 104_729) % 99_991}`,
  );
  const text = words.join("\n");
  return {
    metadata: {
      name: `config-map-${index}`,
      namespace: "bench",
      uid: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
      resourceVersion: String(resourceVersion),
      creationTimestamp: "2026-01-01T00:00:00Z",
      labels: { app: "bench", index: String(index % 10) },
    },
    data: { "a.properties": text.repeat(4).slice(0, Math.max(1, bytes - 330)) },
  };
}

const items = Array.from({ length: OBJECTS }, (_, index) => configMap(index, 1024, 1000 + index));
const listOf = (metadata: Record<string, string>, part: unknown[]) =>
  body({ kind: "ConfigMapList", apiVersion: "v1", metadata, items: part });
const version = { resourceVersion: "9000" };
const whole = listOf(version, items);
const empty = listOf(version, []);
const pages = Array.from({ length: OBJECTS / PAGE }, (_, page) => {
  const isLast = (page + 1) * PAGE >= OBJECTS;
  const metadata = isLast ? version : { ...version, continue: String(page + 1) };
  return listOf(metadata, items.slice(page * PAGE, (page + 1) * PAGE));
});
const lines = Array.from({ length: KEPT_EVENTS }, (_, index) => {
  const object = {
    kind: "ConfigMap",
    apiVersion: "v1",
    ...configMap(index % 500, 2048, 10_000 + index),
  };
  return encoder.encode(`${JSON.stringify({ type: "MODIFIED", object })}\n`);
});

async function watch(stream: ServerHttp2Stream, isSilent: boolean): Promise<void> {
  stream.respond({ ":status": 200, "content-type": "application/json" });
  if (isSilent) return;
  let goOn = () => {};
  stream.on("drain", () => goOn());
  stream.on("close", () => goOn());
  for (let sent = 0; sent < EVENTS && !stream.destroyed; sent++) {
    const isFull = !stream.write(lines[sent % KEPT_EVENTS]);
    if (isFull) await new Promise<void>((resolve) => goOn = resolve);
  }
}

const authority = await createCertificateAuthority();
const { privateKeyPem, certificatePem } = await authority.issue({
  commonName: "bench",
  ipAddresses: ["127.0.0.1"],
});
const server = createSecureServer({ key: privateKeyPem, cert: certificatePem });
server.on("session", (session) => session.on("error", () => {}));
server.on("stream", (stream: ServerHttp2Stream, headers) => {
  stream.on("error", () => {});
  const { pathname, searchParams } = new URL(headers[":path"] ?? "/", "https://bench");
  const namespace = pathname.split("/")[4] ?? "";
  const isEmpty = namespace === "idle" || namespace === "watched";
  const isSilent = namespace === "idle" || namespace === "quiet";
  if (searchParams.get("watch") === "true") return void watch(stream, isSilent);
  const page = searchParams.has("limit") && pages[Number(searchParams.get("continue") ?? 0)];
  const { plain, gzip } = isEmpty ? empty : page || whole;
  const zipped = String(headers["accept-encoding"]).includes("gzip");
  stream.respond({
    ":status": 200,
    "content-type": "application/json",
    ...(zipped ? { "content-encoding": "gzip" } : {}),
  });
  stream.end(zipped ? gzip : plain);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;
const hello = JSON.stringify({ url: `https://127.0.0.1:${port}`, caPem: authority.certificatePem });
Deno.stdout.writeSync(encoder.encode(`${hello}\n`));
