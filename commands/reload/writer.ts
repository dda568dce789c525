/** From what the sources say to the visible version: built, transformed, validated, switched (reload.md 6, 7.2). */

import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import { hookEnvironment } from "./actions/action.ts";
import type { Layout } from "./disk/layout.ts";
import type { SavedState } from "./disk/state_file.ts";
import { runHook } from "./hook.ts";
import type { ReloadOptions } from "./options.ts";
import {
  buildPayload,
  hashOf,
  type Payload,
  RefusedVersion,
  sameBytes,
} from "./payload/payload.ts";
import { transform } from "./payload/transforms.ts";
import type { UrlKeys } from "./payload/url_keys.ts";
import type { PayloadPart } from "./payload/payload.ts";

/** A version that is wanted. */
export interface WantedVersion {
  readonly payload: Payload;
  readonly hash: string;
  readonly missingVariables: number;
}

/** What became of a version. */
export type WriteOutcome =
  | {
    readonly kind: "written";
    readonly added: number;
    readonly changed: number;
    readonly removed: number;
  }
  | { readonly kind: "unchanged" }
  | { readonly kind: "refused"; readonly reason: string };

/** What the writer needs. */
export interface WriterDeps {
  /** `undefined` when files are used where they are. */
  readonly layout: Layout | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string>>;
  /** `undefined` where a key is a file whatever its name. */
  readonly urlKeys?: UrlKeys | undefined;
  /** Told of the size of each version that was written. */
  readonly onWritten?: (bytes: number) => void;
}

/** Writes versions of one directory. */
export class Writer {
  readonly #options: ReloadOptions;
  readonly #deps: WriterDeps;
  #visible: Payload = new Map();
  #hash = "";

  constructor(options: ReloadOptions, deps: WriterDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Hash of the visible version; empty before the first. */
  get hash(): string {
    return this.#hash;
  }

  /** Files of the visible version. */
  get visible(): Payload {
    return this.#visible;
  }

  /** Folder in which the visible version's files are. */
  get folder(): string {
    const name = this.#deps.layout?.current() ?? "";
    return name === "" ? this.#options.configRoot : `${this.#options.configRoot}/${name}`;
  }

  /** Takes over what an earlier run has left; its hash is empty when there is nothing. */
  async open(saved: SavedState | undefined): Promise<void> {
    const { layout } = this.#deps;
    const found = await layout?.open(saved);
    await layout?.removeOld(this.#options.keepVersions, [saved?.lastReloadHash], 0);
    if (found === undefined) return;
    this.#visible = found;
    this.#hash = await hashOf(found);
  }

  /** @throws {RefusedVersion} */
  async build(parts: readonly PayloadPart[], signal: AbortSignal): Promise<WantedVersion> {
    const { payload: options, transforms } = this.#options;
    const { env, layout, urlKeys } = this.#deps;
    const keys = buildPayload(
      parts.filter(({ inPlace }) => layout === undefined || inPlace !== true),
      options,
    );
    const built = await urlKeys?.(keys, signal) ?? keys;
    const { payload, missingVariables } = await transform(built, { ...transforms, env });
    const beside = layout === undefined ? [] : parts.filter(({ inPlace }) => inPlace === true);
    const whole = beside.length === 0 ? payload : new Map([
      ...payload,
      ...beside.flatMap(({ folder, entries }) =>
        [...entries].map(([name, bytes]) => [`${folder}/${name}`, bytes] as const)
      ),
    ]);
    return { payload, hash: await hashOf(whole), missingVariables };
  }

  /**
   * Makes a version the visible one, unless it is already, or the validation refuses it.
   *
   * @throws {Error} when the disk cannot be written; the visible version is still whole
   */
  async write({ payload, hash }: WantedVersion, signal: AbortSignal): Promise<WriteOutcome> {
    const { layout } = this.#deps;
    if (layout === undefined) return await this.#takeInPlace(payload, hash, signal);
    if (hash === this.#hash && await layout.matches(payload)) return { kind: "unchanged" };
    let prepared;
    try {
      prepared = await layout.prepare(payload, {
        hash,
        isValidated: this.#options.validate !== undefined,
      });
    } catch (error) {
      if (error instanceof RefusedVersion) return { kind: "refused", reason: error.message };
      throw error;
    }
    const refusal = await this.#validate(prepared.folder, hash, signal);
    if (refusal !== undefined || signal.aborted) {
      await prepared.discard();
      return { kind: "refused", reason: refusal ?? "stopped" };
    }
    await prepared.switch();
    return this.#note(payload, hash);
  }

  /** Makes an earlier version visible again; whether it is still there, and whole. */
  async backTo(hash: string): Promise<boolean> {
    const found = await this.#deps.layout?.backTo(hash);
    if (found === undefined) return false;
    this.#visible = found;
    this.#hash = hash;
    return true;
  }

  async #takeInPlace(payload: Payload, hash: string, signal: AbortSignal): Promise<WriteOutcome> {
    if (hash === this.#hash) return { kind: "unchanged" };
    const reason = await this.#validate(this.#options.configRoot, hash, signal);
    return reason === undefined ? this.#note(payload, hash) : { kind: "refused", reason };
  }

  #note(payload: Payload, hash: string): WriteOutcome {
    const before = this.#visible;
    this.#visible = payload;
    this.#hash = hash;
    let [added, changed, removed] = [0, 0, 0];
    let size = 0;
    for (const [path, bytes] of payload) {
      size += bytes.length;
      const old = before.get(path);
      if (old === undefined) added += 1;
      else if (!sameBytes(old, bytes)) changed += 1;
    }
    for (const path of before.keys()) if (!payload.has(path)) removed += 1;
    this.#deps.onWritten?.(size);
    return { kind: "written", added, changed, removed };
  }

  /** Why the validation refuses; `undefined` when it accepts. */
  async #validate(folder: string, hash: string, signal: AbortSignal): Promise<string | undefined> {
    const { validate, configRoot } = this.#options;
    if (validate === undefined) return undefined;
    const { clock, env } = this.#deps;
    const result = await runHook({
      argv: validate.argv.map((word) => word.replaceAll("{dir}", folder)),
      env: { ...env, ...hookEnvironment({ hash, previousHash: this.#hash, folder }, configRoot) },
      timeoutMs: validate.timeoutMs,
      clock,
    }, signal);
    if (result.ok) return undefined;
    return result.output === "" ? result.reason : `${result.reason}: ${result.output}`;
  }
}

/** Why the disk did not take a version, in one word for metrics. */
export function reasonOfWrite(err: unknown): string {
  const message = err instanceof Error ? err.message : String(err);
  if (/os error 28|ENOSPC|No space/.test(message)) return "no_space";
  if (/os error 30|EROFS|Read-only/.test(message)) return "read_only";
  return err instanceof Deno.errors.PermissionDenied ? "permission" : "other";
}
