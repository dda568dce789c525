/** Certificates and keys for the next connection, and the notice that they have changed on disk. */

import type { Timer } from "#lib/run/clock.ts";
import type { KubeConnection, TextSource } from "../config/connection.ts";
import { KubeAuthError } from "../errors.ts";
import type { TlsOptions } from "../transport/contract.ts";
import type { ExecCredentials } from "./exec_credentials.ts";
import type { AuthDeps } from "./token_file.ts";

/** Options of `TlsMaterial`. */
export interface TlsMaterialOptions {
  readonly config: KubeConnection;
  readonly exec?: ExecCredentials | undefined;
  /** Files have changed: connections made before are out of date. */
  readonly onChange: () => void;
}

const CHECK_PERIOD_MS = 5 * 60_000;
const PEM_BLOCK = /-----BEGIN [A-Z ]+-----/;

/** What a dial needs. Files are read again at each dial and every five minutes. */
export class TlsMaterial {
  readonly #options: TlsMaterialOptions;
  readonly #deps: AuthDeps;
  readonly #lastGood = new Map<string, string>();
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: TlsMaterialOptions, deps: AuthDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** @throws {KubeAuthError} when a file has never been readable */
  async current(): Promise<TlsOptions> {
    const { config, exec } = this.#options;
    await this.#reload();
    if (this.#lastGood.size > 0) this.#schedule();
    const own = {
      cert: this.#text(config.clientCertificate),
      key: this.#text(config.clientKey),
    };
    const plugin = exec === undefined || own.cert !== undefined ? undefined : await exec.current();
    return {
      ca: this.#text(config.certificateAuthority),
      cert: own.cert ?? plugin?.certificate,
      key: own.key ?? plugin?.key,
      serverName: config.serverName,
      insecure: config.insecure,
    };
  }

  /** Stops looking at the files. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#closed) return;
    this.#timer = this.#deps.clock.timer(
      () => {
        this.#timer = undefined;
        this.#check();
      },
      CHECK_PERIOD_MS,
      { unref: true },
    );
  }

  async #check(): Promise<void> {
    const changed = await this.#reload();
    this.#schedule();
    if (!changed || this.#closed) return;
    this.#deps.logger.info("certificates changed on disk, connecting anew");
    this.#options.onChange();
  }

  /** Reads the files; true when one differs from what was used so far. */
  async #reload(): Promise<boolean> {
    const { certificateAuthority, clientCertificate, clientKey } = this.#options.config;
    let changed = false;
    for (const source of [certificateAuthority, clientCertificate, clientKey]) {
      if (source?.file === undefined || source.text !== undefined) continue;
      const before = this.#lastGood.get(source.file);
      const now = await this.#read(source.file);
      if (before !== undefined && now !== before) changed = true;
      this.#lastGood.set(source.file, now);
    }
    return changed;
  }

  async #read(path: string): Promise<string> {
    const { platform, logger } = this.#deps;
    const lastGood = this.#lastGood.get(path);
    let cause: unknown;
    try {
      const text = await platform.readTextFile(path);
      if (text !== undefined && PEM_BLOCK.test(text)) return text;
      cause = new KubeAuthError(text === undefined ? "no such file" : "no PEM block in it");
    } catch (error) {
      cause = error;
    }
    if (lastGood === undefined) {
      const state = cause instanceof Error ? cause.message : String(cause);
      throw new KubeAuthError(`Cannot read the certificate file "${path}": ${state}`, { cause });
    }
    logger.warn("certificate file unusable, keeping the last content", { path, err: cause });
    return lastGood;
  }

  #text(source: TextSource | undefined): string | undefined {
    if (source?.text !== undefined) return source.text;
    return source?.file === undefined ? undefined : this.#lastGood.get(source.file);
  }
}
