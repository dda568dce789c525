/** Files, environment and processes of Deno for the client. The only file here that knows `Deno`. */

import type { KubePlatform } from "./platform.ts";

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
      try {
        const { code, stdout } = await new Deno.Command(command, {
          args: [...args],
          env: { ...env },
          stdin: interactive ? "inherit" : "null",
          stdout: "piped",
          stderr: "inherit",
          ...(signal === undefined ? {} : { signal }),
        }).output();
        return { code, stdout: new TextDecoder().decode(stdout) };
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return undefined;
        throw error;
      }
    },
    stdinIsTerminal: () => Deno.stdin.isTerminal(),
    os: Deno.build.os,
    arch: Deno.build.arch === "aarch64" ? "arm64" : "amd64",
  };
}
