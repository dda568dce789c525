/** `kcfg reload` as a process, with what tests ask of it: the version on disk, its status, its metrics. */

import { eventually } from "./eventually.ts";
import { type KcfgProcess, startKcfg, type StartOptions } from "./process.ts";

/** A running reload. */
export interface ReloadProcess extends KcfgProcess {
  /** Base of its service, without a slash at the end. */
  readonly base: string;
  /** `/status`. */
  status(): Promise<ReloadStatus>;
  /** Status that a path of its service is answered with. */
  answer(path: string): Promise<number>;
  /** Sum of a metric over its labels; 0 when it is not there. */
  metric(name: string): Promise<number>;
}

/** What tests read of `/status`. */
export interface ReloadStatus {
  readonly state: string;
  readonly hash: string;
  readonly lastReloadHash: string | null;
  readonly sources: readonly { readonly mode: string; readonly error: string | null }[];
  readonly reload: { readonly attempts: number; readonly lastError: string | null };
  readonly validation: { readonly lastError: string | null };
  readonly child: { readonly pid: number } | null;
}

/** Starts it with a service on a free port, and waits until that answers. */
export async function startReload(
  args: readonly string[],
  options: StartOptions = {},
): Promise<ReloadProcess> {
  const kcfg = startKcfg(
    ["reload", "--listen=127.0.0.1:0", "--log-format=json", ...args],
    options,
  );
  try {
    const line = await eventually("it listens", () => kcfg.logLine("listening"));
    return toReload(kcfg, `http://${line["listen"]}`);
  } catch (error) {
    await kcfg[Symbol.asyncDispose]();
    throw new Error(`No listener: ${kcfg.stderr()}`, { cause: error });
  }
}

function toReload(kcfg: KcfgProcess, base: string): ReloadProcess {
  let hasEnded = false;
  return {
    ...kcfg,
    base,
    async [Symbol.asyncDispose]() {
      // A killed one would leave its application behind, and that keeps the streams open.
      if (!hasEnded) kcfg.signal("SIGTERM");
      await kcfg.exitCode().catch(() => kcfg[Symbol.asyncDispose]());
    },
    async exitCode() {
      const code = await kcfg.exitCode();
      hasEnded = true;
      return code;
    },
    async status() {
      return await (await fetch(`${base}/status`)).json();
    },
    async answer(path) {
      const response = await fetch(base + path);
      await response.body?.cancel();
      return response.status;
    },
    async metric(name) {
      const text = await (await fetch(`${base}/metrics`)).text();
      return text.split("\n").filter((line) => line.match(/^[^{ ]+/)?.[0] === name)
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
    },
  };
}

/** Waits until it is ready. */
export async function untilReady(kcfg: Pick<ReloadProcess, "base" | "stderr">): Promise<void> {
  await eventually(`it is ready: ${kcfg.stderr()}`, async () => {
    const response = await fetch(`${kcfg.base}/readyz`);
    await response.body?.cancel();
    return response.ok;
  }, { withinMs: 4900 });
}
