/** A token in a file that is replaced from time to time, as the kubelet does. */

import type { Clock } from "#lib/run/clock.ts";
import type { Logger } from "#lib/log/logger.ts";
import { KubeAuthError } from "../errors.ts";
import type { KubeMetrics } from "../metrics.ts";
import type { KubePlatform } from "../platform.ts";

/** What credentials need of their surroundings. */
export interface AuthDeps {
  readonly platform: KubePlatform;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: KubeMetrics;
}

// The kubelet's period of 60 s minus 10 s of leeway, as client-go.
const FRESH_MS = 50_000;

/** The token of a file, read again when it may have changed. */
export class TokenFile {
  readonly #path: string;
  readonly #deps: AuthDeps;
  #token: string | undefined;
  #readAtMs = -Infinity;

  constructor(path: string, deps: AuthDeps) {
    this.#path = path;
    this.#deps = deps;
  }

  /**
   * The token; `rejected` forces a read when it is the current one.
   *
   * @throws {KubeAuthError} when the file has never been readable
   */
  async read(rejected?: string): Promise<string> {
    const { clock } = this.#deps;
    const isFresh = clock.monotonic() - this.#readAtMs < FRESH_MS;
    if (this.#token !== undefined && isFresh && rejected !== this.#token) return this.#token;
    return await this.#reload();
  }

  async #reload(): Promise<string> {
    const { platform, clock, logger, metrics } = this.#deps;
    try {
      const token = (await platform.readTextFile(this.#path))?.trim();
      if (token === undefined) throw new KubeAuthError(`Cannot read "${this.#path}": no such file`);
      if (token === "") {
        throw new KubeAuthError(`Cannot use the token "${this.#path}": it is empty`);
      }
      this.#token = token;
      this.#readAtMs = clock.monotonic();
      metrics.tokenReload("ok");
      return token;
    } catch (cause) {
      metrics.tokenReload("error");
      if (this.#token === undefined) {
        if (cause instanceof KubeAuthError) throw cause;
        const state = cause instanceof Error ? cause.message : String(cause);
        throw new KubeAuthError(`Cannot read the token file "${this.#path}": ${state}`, { cause });
      }
      logger.warn("token file unreadable, keeping the last token", {
        path: this.#path,
        err: cause,
      });
      return this.#token;
    }
  }
}
