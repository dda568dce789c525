/**
 * Runs a control plane until it is interrupted: `deno run -A tests/controlplane/start.ts`. Prints the path
 * of its kubeconfig on stdout, to be exported as KCFG_TEST_KUBE. Arguments are flags for kube-apiserver.
 */

import { startControlPlane } from "#tests/support/control_plane.ts";

if (import.meta.main) Deno.exitCode = await run(Deno.args);

async function run(apiServerArgs: readonly string[]): Promise<number> {
  const plane = await startControlPlane({ apiServerArgs });
  if ("unavailable" in plane) {
    await write(Deno.stderr, `control plane: not available: ${plane.unavailable}\n`);
    return 1;
  }
  await write(
    Deno.stderr,
    `control plane: ready after ${plane.startedInMs} ms, logs in ${plane.servers.directory}\n`,
  );
  await write(Deno.stdout, `${plane.kubeconfigPath}\n`);
  const interrupted = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => interrupted.resolve());
  }
  await interrupted.promise;
  await plane.stop();
  return 0;
}

async function write(
  stream: { write(bytes: Uint8Array): Promise<number> },
  text: string,
): Promise<void> {
  await stream.write(new TextEncoder().encode(text));
}
