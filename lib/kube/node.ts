/** Files, environment and processes of Node (and Bun) for the client. The only file here that needs them. */

import type { KubePlatform } from "./platform.ts";
import { MAX_PROGRAM_OUTPUT_BYTES, outputTooLong } from "./platform.ts";

interface NodeProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly arch: string;
  readonly stdin: { readonly isTTY?: boolean };
}

/** The platform. */
export function nodePlatform(): KubePlatform {
  const { process } = globalThis as unknown as { readonly process: NodeProcess };
  return {
    async readTextFile(path) {
      const { readFile } = await import("node:fs/promises");
      try {
        return await readFile(path, "utf8");
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    env: (name) => process.env[name],
    async run(command, { args, env, interactive, signal }) {
      const { spawn } = await import("node:child_process");
      return await new Promise((resolve, reject) => {
        const child = spawn(command, [...args], {
          env: { ...process.env, ...env },
          stdio: [interactive ? "inherit" : "ignore", "pipe", "inherit"],
        });
        let failure: Error | undefined;
        const end = (how: "SIGTERM" | "SIGKILL", error: Error) => {
          failure ??= error;
          child.kill(how);
          // A program that it has started may hold the other end; nobody waits for that one.
          child.stdout?.destroy();
        };
        const onAbort = () => end("SIGTERM", signal?.reason);
        if (signal?.aborted) onAbort();
        signal?.addEventListener("abort", onAbort, { once: true });
        const decoder = new TextDecoder();
        let stdout = "";
        let bytes = 0;
        child.stdout?.on("data", (chunk: Uint8Array) => {
          bytes += chunk.length;
          if (bytes > MAX_PROGRAM_OUTPUT_BYTES) return end("SIGKILL", outputTooLong());
          stdout += decoder.decode(chunk, { stream: true });
        });
        child.on("error", (error) => {
          signal?.removeEventListener("abort", onAbort);
          if (isNotFound(error)) return resolve(undefined);
          reject(error);
        });
        // A child that was killed is waited for, so that none is left behind.
        child.on("close", (code) => {
          signal?.removeEventListener("abort", onAbort);
          if (failure === undefined) resolve({ code: code ?? -1, stdout });
          else reject(failure);
        });
      });
    },
    stdinIsTerminal: () => process.stdin.isTTY === true,
    os: process.platform === "win32" ? "windows" : process.platform,
    arch: process.arch === "x64" ? "amd64" : process.arch,
  };
}

function isNotFound(error: unknown): boolean {
  return (error as { readonly code?: string } | undefined)?.code === "ENOENT";
}
