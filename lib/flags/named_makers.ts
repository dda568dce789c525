/** The makers of `declare.ts` with a name in front, as a set of flags offers them: `flags.int("port", 8080)`. */

import type { ValueMakers } from "./declare.ts";
import type { Duration } from "./types/duration.ts";
import type { FlagLogLevel } from "./types/scalars.ts";
import type { DynValue } from "./value.ts";
import type { AnyValue, ValueOptions } from "./value_contract.ts";

/** Declares a flag and returns its value; each takes name, default, usage and options. */
export interface FlagMakers {
  /** True or false. */
  bool(
    name: string,
    value: boolean,
    usage?: string,
    options?: ValueOptions<boolean>,
  ): DynValue<boolean>;
  /** The safe integers. */
  int(
    name: string,
    value: number,
    usage?: string,
    options?: ValueOptions<number>,
  ): DynValue<number>;
  /** Integers of 64 bits. */
  int64(
    name: string,
    value: bigint,
    usage?: string,
    options?: ValueOptions<bigint>,
  ): DynValue<bigint>;
  /** Floating-point numbers of 64 bits. */
  float(
    name: string,
    value: number,
    usage?: string,
    options?: ValueOptions<number>,
  ): DynValue<number>;
  /** Any text. */
  string(
    name: string,
    value: string,
    usage?: string,
    options?: ValueOptions<string>,
  ): DynValue<string>;
  /** The default may be given as text, such as `1h30m`. */
  duration(
    name: string,
    value: Duration | string,
    usage?: string,
    options?: ValueOptions<Duration>,
  ): DynValue<Duration>;
  /** A list of texts, separated by commas. */
  stringSlice(
    name: string,
    value: readonly string[],
    usage?: string,
    options?: ValueOptions<readonly string[]>,
  ): DynValue<readonly string[]>;
  /** A set of texts, separated by commas. */
  stringSet(
    name: string,
    value: Iterable<string>,
    usage?: string,
    options?: ValueOptions<ReadonlySet<string>>,
  ): DynValue<ReadonlySet<string>>;
  /** Frozen deeply, the default too. */
  json<T>(
    name: string,
    value: T,
    usage?: string,
    options?: ValueOptions<T> & { readonly allowScalar?: boolean },
  ): DynValue<T>;
  /** Bytes, as base64 in texts. */
  binary(
    name: string,
    value: Uint8Array,
    usage?: string,
    options?: ValueOptions<Uint8Array>,
  ): DynValue<Uint8Array>;
  /** The default may be spelled in any case, and prints as it is spelled. */
  logLevel(
    name: string,
    value: FlagLogLevel | Capitalize<FlagLogLevel>,
    usage?: string,
    options?: ValueOptions<FlagLogLevel>,
  ): DynValue<FlagLogLevel>;
  /** One of `values`. */
  enum<const V extends string>(
    name: string,
    value: NoInfer<V>,
    usage: string,
    options: ValueOptions<V> & { readonly values: readonly V[] },
  ): DynValue<V>;
  /** An absolute URL, as text. */
  url(
    name: string,
    value: string,
    usage?: string,
    options?: ValueOptions<string>,
  ): DynValue<string>;
  /** A regular expression with the flag `u` alone. The default may be given as text. */
  regex(
    name: string,
    value: RegExp | string,
    usage?: string,
    options?: ValueOptions<RegExp>,
  ): DynValue<RegExp>;
  /** A number of bytes. The default may be given as text, such as `64Mi`. */
  bytesSize(
    name: string,
    value: number | string,
    usage?: string,
    options?: ValueOptions<number>,
  ): DynValue<number>;
}

type Maker = (...rest: unknown[]) => AnyValue;

/** Turns makers of values into makers of flags; `bind` takes each new value in. */
export function nameMakers(
  makers: ValueMakers,
  bind: (name: string, value: AnyValue) => AnyValue,
): FlagMakers {
  const named = Object.entries(makers).map(([type, make]: [string, Maker]) => [
    type,
    (name: string, ...rest: unknown[]) => bind(name, make(...rest)),
  ]);
  // Each maker keeps its own signature but for the name in front, which a mapped type cannot say of generics.
  return Object.fromEntries(named) as FlagMakers;
}
