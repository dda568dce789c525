/** The one place that knows which version this is. */

import config from "../../deno.json" with { type: "json" };

/** Semantic version of kcfg, for example `0.1.0`. */
export const VERSION: string = config.version;

/** Runtime, operating system and architecture, for version output and user agents. */
export function runtimeInfo(): {
  readonly runtime: string;
  readonly os: string;
  readonly arch: string;
} {
  return {
    runtime: `deno/${Deno.version.deno}`,
    os: Deno.build.os,
    arch: Deno.build.arch,
  };
}

/** What a command calls itself when it asks an API server (kube-client.md 5.5). */
export function userAgent(command: string): string {
  const { os, arch } = runtimeInfo();
  return `kcfg/${VERSION} (${os}/${arch === "aarch64" ? "arm64" : "amd64"}) kcfg-${command}`;
}

/**
 * The line behind `--version`. The second blank-separated word is `version=X.Y.Z` because image build
 * scripts of the replaced program cut it out (serve-config.md 2.5).
 */
export function versionLine(): string {
  const { runtime, os, arch } = runtimeInfo();
  return `kcfg version=${VERSION} runtime=${runtime} os=${os} arch=${arch}`;
}
