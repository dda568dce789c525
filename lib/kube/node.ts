/** Files, environment and processes of Node (and Bun) for the client. The only file here that needs them. */

import type { KubePlatform } from "./platform.ts";

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
          ...(signal === undefined ? {} : { signal }),
        });
        const decoder = new TextDecoder();
        let stdout = "";
        child.stdout?.on("data", (chunk: Uint8Array) => {
          stdout += decoder.decode(chunk, { stream: true });
        });
        let failure: Error | undefined;
        child.on("error", (error) => {
          if (isNotFound(error)) return resolve(undefined);
          // A child that was killed is waited for, so that none is left behind.
          failure = error;
          if (child.pid === undefined) reject(error);
        });
        child.on("close", (code) => {
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
