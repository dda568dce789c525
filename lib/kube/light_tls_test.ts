/** The runtime's own TLS is used where nothing was added to what it trusts, and not where that cannot be known. */

import assert from "node:assert/strict";
import { tempDir } from "#tests/support/temp_dir.ts";
import { lightTlsTarget } from "./transport/light_tls.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const SETS: Readonly<Record<string, string>> = {
  DENO_CERT: "/nonexistent.pem",
  DENO_TLS_CA_STORE: "system",
  NODE_EXTRA_CA_CERTS: "/nonexistent.pem",
};

/** What a process with these variables and flags says of a port where nobody listens. */
async function attempt(
  { env = {}, flags = ["-A"] }: { env?: Record<string, string>; flags?: readonly string[] },
): Promise<string> {
  await using dir = await tempDir();
  const program = await dir.write(
    "attempt.ts",
    `import { denoPlatform } from ${JSON.stringify(new URL("deno.ts", import.meta.url))};
    const { signal } = new AbortController();
    const target = { server: "x", host: "127.0.0.1", port: 1, name: "localhost", ca: "", signal };
    try {
      console.log(await denoPlatform().openLightTls(target));
    } catch (error) {
      console.log(error.kind);
    }`,
  );
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", `--config=${ROOT}deno.json`, ...flags, program],
    env: { ...Object.fromEntries(Object.keys(SETS).map((name) => [name, ""])), ...env },
  }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("openLightTls() connects when the runtime trusts what it always does", async () => {
  assert.equal(await attempt({}), "connect");
});

for (const [name, value] of Object.entries(SETS)) {
  Deno.test(`openLightTls() leaves a server to others where ${name} is set`, async () => {
    assert.equal(await attempt({ env: { [name]: value } }), "undefined");
  });
}

Deno.test("openLightTls() leaves a server to others where variables may not be read", async () => {
  assert.equal(await attempt({ flags: ["--allow-net"] }), "undefined");
  const known = `--allow-env=${Object.keys(SETS).join()}`;
  assert.equal(await attempt({ flags: ["--allow-net", known] }), "connect");
});

Deno.test("lightTlsTarget() takes servers that can be verified without more, and no others", () => {
  const owner = { signal: new AbortController().signal, onAbandoned: () => {} };
  const of = (server: string, tls: object, proxy?: URL) =>
    lightTlsTarget({ server: new URL(server), tls, proxy }, owner);
  assert.deepEqual(of("https://10.0.0.1", { ca: "PEM" }), {
    ...{ server: "10.0.0.1", host: "10.0.0.1", port: 443, name: "10.0.0.1", ca: "PEM", ...owner },
  });
  assert.equal(of("https://[fd00::1]:6443", { ca: "PEM" })?.host, "fd00::1");
  assert.equal(of("https://1.2.3.4", { ca: "PEM", serverName: "kubernetes" })?.name, "kubernetes");
  const others = [
    of("http://10.0.0.1", { ca: "PEM" }),
    of("https://10.0.0.1", {}),
    of("https://10.0.0.1", { ca: "PEM", insecure: true }),
    of("https://10.0.0.1", { ca: "PEM", cert: "PEM", key: "PEM" }),
    of("https://10.0.0.1", { ca: "PEM" }, new URL("http://proxy")),
    of("https://api.example.com", { ca: "PEM" }),
    of("https://10.0.0.1", { ca: "PEM", serverName: "api.example.com" }),
  ];
  assert.deepEqual(others, others.map(() => undefined));
});
