/**
 * Credentials from a program, by the protocol `client.authentication.k8s.io` (v1 and v1beta1): one run at a
 * time, its result kept until it expires or is rejected.
 */

import { untilAborted } from "#lib/run/until_aborted.ts";
import type { ExecPlugin, KubeConnection } from "../config/connection.ts";
import { KubeAuthError } from "../errors.ts";
import type { ProcessResult } from "../platform.ts";
import { isJsonObject } from "../types.ts";
import type { AuthDeps } from "./token_file.ts";

/** What a plugin gives. At least one of token and certificate pair is there. */
export interface ExecCredential {
  readonly token?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /** Milliseconds since the epoch; valid until rejected when undefined. */
  readonly expiresAtMs?: number | undefined;
}

/** Options of `ExecCredentials`. */
export interface ExecCredentialsOptions {
  readonly plugin: ExecPlugin;
  readonly config: KubeConnection;
  /** A run gave another certificate: connections made before are out of date. */
  readonly onCertificateChange: () => void;
}

const TIMEOUT_MS = 60_000;
const HINTS_PER_HOUR = 10;
const HOUR_MS = 3_600_000;

/** The plugin's current credential. */
export class ExecCredentials {
  readonly #options: ExecCredentialsOptions;
  readonly #deps: AuthDeps;
  #credential: ExecCredential | undefined;
  #running: Promise<ExecCredential> | undefined;
  readonly #closing = new AbortController();
  #hintTimesMs: number[] = [];

  constructor(options: ExecCredentialsOptions, deps: AuthDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /**
   * A valid credential. `rejected` is a token that was answered with 401 (empty for a certificate): the
   * plugin runs again only when that is still the current one.
   *
   * @throws {KubeAuthError}
   */
  async current(rejected?: string): Promise<ExecCredential> {
    if (this.#running !== undefined) return await this.#running;
    const known = this.#credential;
    const isRejected = rejected !== undefined && rejected === (known?.token ?? "");
    const isExpired = known?.expiresAtMs !== undefined &&
      known.expiresAtMs <= this.#deps.clock.now();
    if (known !== undefined && !isRejected && !isExpired) return known;
    this.#running = this.#refresh().finally(() => this.#running = undefined);
    return await this.#running;
  }

  /** Ends a run that is under way, and lets none begin. */
  close(): void {
    const { command } = this.#options.plugin;
    this.#closing.abort(new KubeAuthError(`Cannot run "${command}": the client was closed`));
  }

  async #refresh(): Promise<ExecCredential> {
    const { plugin } = this.#options;
    const result = await this.#run();
    if (result.code !== 0) {
      throw new KubeAuthError(
        `Cannot get credentials from "${plugin.command}": it ended with exit code ${result.code}`,
      );
    }
    const credential = parseExecCredential(result.stdout, plugin);
    const before = this.#credential;
    this.#credential = credential;
    const changed = before !== undefined &&
      (before.certificate !== credential.certificate || before.key !== credential.key);
    if (changed) this.#options.onCertificateChange();
    return credential;
  }

  async #run(): Promise<ProcessResult> {
    const { plugin } = this.#options;
    const { platform, clock } = this.#deps;
    const interactive = plugin.interactiveMode !== "Never" && platform.stdinIsTerminal();
    if (plugin.interactiveMode === "Always" && !interactive) {
      throw new KubeAuthError(
        `Cannot run "${plugin.command}": it wants to ask, and standard input is no terminal`,
      );
    }
    const env = { ...plugin.env, KUBERNETES_EXEC_INFO: await this.#execInfo(interactive) };
    const abort = new AbortController();
    const onClose = () => abort.abort(this.#closing.signal.reason);
    if (this.#closing.signal.aborted) onClose();
    this.#closing.signal.addEventListener("abort", onClose, { once: true });
    const timer = interactive ? undefined : clock.timer(
      () =>
        abort.abort(
          new KubeAuthError(`Cannot run "${plugin.command}": no answer within ${TIMEOUT_MS} ms`),
        ),
      TIMEOUT_MS,
      { unref: true },
    );
    let result: ProcessResult | undefined;
    try {
      const options = { args: plugin.args, env, interactive, signal: abort.signal };
      abort.signal.throwIfAborted();
      // A program may not end when it is told to.
      result = await untilAborted(platform.run(plugin.command, options), abort.signal);
    } catch (cause) {
      if (abort.signal.aborted) throw abort.signal.reason;
      const state = cause instanceof Error ? cause.message : String(cause);
      throw new KubeAuthError(`Cannot run "${plugin.command}": ${state}`, { cause });
    } finally {
      timer?.cancel();
      this.#closing.signal.removeEventListener("abort", onClose);
    }
    if (result === undefined) throw this.#notFound();
    return result;
  }

  #notFound(): KubeAuthError {
    const { command, installHint } = this.#options.plugin;
    const nowMs = this.#deps.clock.monotonic();
    this.#hintTimesMs = this.#hintTimesMs.filter((timeMs) => nowMs - timeMs < HOUR_MS);
    const message = `Cannot run "${command}": no such program`;
    if (installHint === undefined || this.#hintTimesMs.length >= HINTS_PER_HOUR) {
      return new KubeAuthError(message);
    }
    this.#hintTimesMs.push(nowMs);
    return new KubeAuthError(`${message}\n${stripControl(installHint)}`);
  }

  async #execInfo(interactive: boolean): Promise<string> {
    const { plugin, config } = this.#options;
    const cluster = plugin.provideClusterInfo
      ? {
        server: config.server,
        "tls-server-name": config.serverName,
        "insecure-skip-tls-verify": config.insecure,
        "certificate-authority-data": await this.#authority(),
        "proxy-url": config.proxyUrl,
        "disable-compression": config.disableCompression,
        config: plugin.clusterConfig,
      }
      : undefined;
    const spec = { interactive, cluster };
    return JSON.stringify({ apiVersion: plugin.apiVersion, kind: "ExecCredential", spec });
  }

  async #authority(): Promise<string | undefined> {
    const source = this.#options.config.certificateAuthority;
    const text = source?.text ??
      (source?.file === undefined
        ? undefined
        : await this.#deps.platform.readTextFile(source.file));
    if (text === undefined) return undefined;
    return btoa(Array.from(new TextEncoder().encode(text), (b) => String.fromCharCode(b)).join(""));
  }
}

/**
 * What a plugin printed.
 *
 * @throws {KubeAuthError} without quoting the output, which holds secrets
 */
export function parseExecCredential(stdout: string, plugin: ExecPlugin): ExecCredential {
  const refuse = (state: string) =>
    new KubeAuthError(`Cannot use the credentials of "${plugin.command}": ${state}`);
  let output: unknown;
  try {
    output = JSON.parse(stdout);
  } catch {
    // The parser's message would quote the output.
    throw refuse("its output is not JSON");
  }
  if (!isJsonObject(output) || output["kind"] !== "ExecCredential") {
    throw refuse("its output is no ExecCredential");
  }
  if (output["apiVersion"] !== plugin.apiVersion) {
    throw refuse(`it answered in "${output["apiVersion"]}", configured is "${plugin.apiVersion}"`);
  }
  const status = isJsonObject(output["status"]) ? output["status"] : {};
  const text = (key: string) => {
    const value = status[key];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const token = text("token");
  const certificate = text("clientCertificateData");
  const key = text("clientKeyData");
  if ((certificate === undefined) !== (key === undefined)) {
    throw refuse("it gave only one of certificate and key");
  }
  if (token === undefined && certificate === undefined) {
    throw refuse("it gave neither a token nor a certificate");
  }
  const expiry = text("expirationTimestamp");
  const expiresAtMs = expiry === undefined ? undefined : Date.parse(expiry);
  if (Number.isNaN(expiresAtMs)) throw refuse("its expiration timestamp is not RFC 3339");
  return { token, certificate, key, expiresAtMs };
}

/** On one line: hints are written with several. */
function stripControl(text: string): string {
  const line = text.trim().replace(/\s+/g, " ");
  return Array.from(line).filter((c) => c >= " " && c !== "\u007f").join("");
}
