/**
 * A set of flags as a provider of OpenFeature's server SDK (flags-watch.md 10): an application that reads its flags
 * through the SDK gets them from a directory or a ConfigMap, and hears of changes. The SDK is not needed here; what
 * it expects is described by shape.
 */

import type { FlagSet } from "./flag_set.ts";

/** What an evaluation answers; the codes are those of the OpenFeature specification. */
export interface FlagResolution<T> {
  /** The flag's value, or the given default when there is none of that type. */
  readonly value: T;
  /** How it came about. */
  readonly reason: "STATIC" | "DEFAULT" | "ERROR";
  /** Whether something was set; absent after an error. */
  readonly variant?: "current" | "default";
  /** Why the default is answered. */
  readonly errorCode?: "FLAG_NOT_FOUND" | "TYPE_MISMATCH";
  /** The same in words. */
  readonly errorMessage?: string;
}

/** What handlers of an event are told. */
export interface FlagEventDetails {
  /** Names of the flags that changed, in order. */
  readonly flagsChanged: readonly string[];
}

/** A handler of the SDK. */
export type FlagEventHandler = (details?: FlagEventDetails) => unknown;

/** The part of the SDK's emitter that it calls on a provider. */
export interface FlagEvents {
  /** Adds a handler of an event. */
  addHandler(event: string, handler: FlagEventHandler): void;
  /** Takes one away. */
  removeHandler(event: string, handler: FlagEventHandler): void;
  /** Takes away all of an event, or all. */
  removeAllHandlers(event?: string): void;
  /** Those of an event. */
  getHandlers(event: string): FlagEventHandler[];
  /** Nothing is logged here. */
  setLogger(): FlagEvents;
}

/** A provider, to be given to `OpenFeature.setProvider`. */
export interface FlagProvider {
  /** Who it is. */
  readonly metadata: { readonly name: string };
  /** For servers: there is no context to evaluate by. */
  readonly runsOn: "server";
  /** Tells `PROVIDER_CONFIGURATION_CHANGED` after each update that changed something. */
  readonly events: FlagEvents;
  /** Booleans. */
  resolveBooleanEvaluation(flag: string, otherwise: boolean): Promise<FlagResolution<boolean>>;
  /** Texts, durations, log levels, enumerations. */
  resolveStringEvaluation(flag: string, otherwise: string): Promise<FlagResolution<string>>;
  /** Numbers; 64-bit integers as far as a number holds them exactly. */
  resolveNumberEvaluation(flag: string, otherwise: number): Promise<FlagResolution<number>>;
  /** JSON flags, lists and sets. */
  resolveObjectEvaluation<T>(flag: string, otherwise: T): Promise<FlagResolution<T>>;
  /** Called by the SDK when it is done with the provider. */
  onClose(): Promise<void>;
}

const CHANGED = "PROVIDER_CONFIGURATION_CHANGED";

/** Makes a provider of a set. Secret flags are evaluated as what they are: the application asks. */
export function openFeatureProvider(flags: FlagSet): FlagProvider {
  const events = new Events();
  const stop = flags.onUpdate(({ changes }) => {
    if (changes.length > 0) events.emit(CHANGED, { flagsChanged: changes.map(({ name }) => name) });
  });

  function resolve<T>(
    name: string,
    otherwise: T,
    isRight: (value: unknown) => boolean,
  ): Promise<FlagResolution<T>> {
    const entry = flags.entry(name);
    if (entry === undefined) {
      return failure(otherwise, "FLAG_NOT_FOUND", `flag "${name}" is not declared`);
    }
    const value = entry.value.type.toJson(entry.value.value);
    if (!isRight(value)) {
      return failure(
        otherwise,
        "TYPE_MISMATCH",
        `flag "${name}" is of type ${entry.value.type.name}`,
      );
    }
    const { isChanged } = entry.value;
    return Promise.resolve({
      // The check is the proof.
      value: value as T,
      reason: isChanged ? "STATIC" : "DEFAULT",
      variant: isChanged ? "current" : "default",
    });
  }

  return {
    metadata: { name: "kcfg" },
    runsOn: "server",
    events,
    resolveBooleanEvaluation: (flag, otherwise) => resolve(flag, otherwise, isOf("boolean")),
    resolveStringEvaluation: (flag, otherwise) => resolve(flag, otherwise, isOf("string")),
    resolveNumberEvaluation: (flag, otherwise) => resolve(flag, otherwise, isOf("number")),
    resolveObjectEvaluation: (flag, otherwise) =>
      resolve(flag, otherwise, (value) => typeof value === "object" && value !== null),
    onClose() {
      stop();
      events.removeAllHandlers();
      return Promise.resolve();
    },
  };
}

function isOf(kind: string): (value: unknown) => boolean {
  return (value) => {
    const found: string = typeof value;
    return found === kind;
  };
}

function failure<T>(
  value: T,
  errorCode: NonNullable<FlagResolution<T>["errorCode"]>,
  errorMessage: string,
): Promise<FlagResolution<T>> {
  return Promise.resolve({ value, reason: "ERROR", errorCode, errorMessage });
}

class Events implements FlagEvents {
  readonly #handlers = new Map<string, Set<FlagEventHandler>>();

  addHandler(event: string, handler: FlagEventHandler): void {
    const known = this.#handlers.get(event) ?? new Set();
    this.#handlers.set(event, known.add(handler));
  }

  removeHandler(event: string, handler: FlagEventHandler): void {
    this.#handlers.get(event)?.delete(handler);
  }

  removeAllHandlers(event?: string): void {
    if (event === undefined) this.#handlers.clear();
    else this.#handlers.delete(event);
  }

  getHandlers(event: string): FlagEventHandler[] {
    return [...this.#handlers.get(event) ?? []];
  }

  setLogger(): FlagEvents {
    return this;
  }

  /** The set reports what a handler throws, as for every listener. */
  emit(event: string, details: FlagEventDetails): void {
    for (const handler of this.getHandlers(event)) handler(details);
  }
}
