/** Files, environment and processes of Deno for the client. */

import type { KubePlatform, ProcessResult } from "./platform.ts";
import { MAX_PROGRAM_OUTPUT_BYTES, outputTooLong } from "./platform.ts";
import { openLightTls } from "./transport/deno.ts";

/** With these the runtime trusts other authorities than the public ones, for whatever name. */
export const TRUST_VARIABLES: readonly string[] = [
  "DENO_CERT",
  "DENO_TLS_CA_STORE",
  "NODE_EXTRA_CA_CERTS",
];

/** The platform; each member needs the permission it names, nothing happens before it is used. */
export function denoPlatform(): KubePlatform {
  return {
    async readTextFile(path) {
      try {
        return await Deno.readTextFile(path);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return undefined;
        throw error;
      }
    },
    env(name) {
      try {
        return Deno.env.get(name);
      } catch (error) {
        // Without the permission a variable counts as unset.
        if (error instanceof Deno.errors.NotCapable) return undefined;
        throw error;
      }
    },
    async run(command, { args, env, interactive, signal }) {
      let child: Deno.ChildProcess;
      try {
        child = new Deno.Command(command, {
          args: [...args],
          env: { ...env },
          stdin: interactive ? "inherit" : "null",
          stdout: "piped",
          stderr: "inherit",
        }).spawn();
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return undefined;
        throw error;
      }
      return await resultOf(child, signal);
    },
    stdinIsTerminal: () => Deno.stdin.isTerminal(),
    openLightTls: async (target) => trustsMore() ? undefined : await openLightTls(target),
    os: Deno.build.os,
    arch: Deno.build.arch === "aarch64" ? "arm64" : "amd64",
  };
}

async function resultOf(
  child: Deno.ChildProcess,
  signal: AbortSignal | undefined,
): Promise<ProcessResult> {
  const reader = child.stdout.getReader();
  const end = async (how: "SIGTERM" | "SIGKILL") => {
    try {
      child.kill(how);
    } catch {
      // It has ended by itself.
    }
    // A program that it has started may hold the other end; nobody waits for that one.
    await reader.cancel();
  };
  const onAbort = () => void end("SIGTERM");
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const decoder = new TextDecoder();
    let stdout = "";
    let bytes = 0;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      bytes += part.value.length;
      if (bytes > MAX_PROGRAM_OUTPUT_BYTES) {
        await end("SIGKILL");
        await child.status;
        throw outputTooLong();
      }
      stdout += decoder.decode(part.value, { stream: true });
    }
    const { code } = await child.status;
    signal?.throwIfAborted();
    return { code, stdout };
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Also when nobody may look. */
function trustsMore(): boolean {
  try {
    return TRUST_VARIABLES.some((name) => (Deno.env.get(name) ?? "") !== "");
  } catch {
    return true;
  }
}
