/**
 * Makers of values, one per type: `dyn.int(8080, "port to listen on")`. They know no names; a set of flags binds
 * them.
 */

import { binaryType } from "./types/binary.ts";
import { Duration, durationType } from "./types/duration.ts";
import type { FlagType } from "./types/flag_type.ts";
import { floatType } from "./types/float.ts";
import { int64Type, intType } from "./types/integers.ts";
import { jsonType } from "./types/json.ts";
import { stringSetType, stringSliceType } from "./types/lists.ts";
import {
  boolType,
  enumType,
  type FlagLogLevel,
  logLevelType,
  stringType,
} from "./types/scalars.ts";
import { bytesSizeType, regexType, urlType } from "./types/text_forms.ts";
import { DynValue } from "./value.ts";
import type { ValueOptions } from "./value_contract.ts";

/** The makers of values; each takes default, usage and options. */
export interface ValueMakers {
  /** True or false. */
  bool(value: boolean, usage?: string, options?: ValueOptions<boolean>): DynValue<boolean>;
  /** The safe integers. */
  int(value: number, usage?: string, options?: ValueOptions<number>): DynValue<number>;
  /** Integers of 64 bits. */
  int64(value: bigint, usage?: string, options?: ValueOptions<bigint>): DynValue<bigint>;
  /** Floating-point numbers of 64 bits. */
  float(value: number, usage?: string, options?: ValueOptions<number>): DynValue<number>;
  /** Any text. */
  string(value: string, usage?: string, options?: ValueOptions<string>): DynValue<string>;
  /** The default may be given as text, such as `1h30m`. */
  duration(
    value: Duration | string,
    usage?: string,
    options?: ValueOptions<Duration>,
  ): DynValue<Duration>;
  /** A list of texts, separated by commas. */
  stringSlice(
    value: readonly string[],
    usage?: string,
    options?: ValueOptions<readonly string[]>,
  ): DynValue<readonly string[]>;
  /** A set of texts, separated by commas. */
  stringSet(
    value: Iterable<string>,
    usage?: string,
    options?: ValueOptions<ReadonlySet<string>>,
  ): DynValue<ReadonlySet<string>>;
  /** Frozen deeply, the default too. */
  json<T>(
    value: T,
    usage?: string,
    options?: ValueOptions<T> & { readonly allowScalar?: boolean },
  ): DynValue<T>;
  /** Bytes, as base64 in texts. */
  binary(
    value: Uint8Array,
    usage?: string,
    options?: ValueOptions<Uint8Array>,
  ): DynValue<Uint8Array>;
  /** The default may be spelled in any case, and prints as it is spelled. */
  logLevel(
    value: FlagLogLevel | Capitalize<FlagLogLevel>,
    usage?: string,
    options?: ValueOptions<FlagLogLevel>,
  ): DynValue<FlagLogLevel>;
  /** One of `values`. */
  enum<const V extends string>(
    value: NoInfer<V>,
    usage: string,
    options: ValueOptions<V> & { readonly values: readonly V[] },
  ): DynValue<V>;
  /** An absolute URL, as text. */
  url(value: string, usage?: string, options?: ValueOptions<string>): DynValue<string>;
  /** A regular expression with the flag `u` alone. The default may be given as text. */
  regex(
    value: RegExp | string,
    usage?: string,
    options?: ValueOptions<RegExp>,
  ): DynValue<RegExp>;
  /** A number of bytes. The default may be given as text, such as `64Mi`. */
  bytesSize(
    value: number | string,
    usage?: string,
    options?: ValueOptions<number>,
  ): DynValue<number>;
}

/** Values that may change at any time. */
export const dyn: ValueMakers = makers({ isDynamic: true });

/** Values that are settled once initialization has ended. */
export const fixed: ValueMakers = makers({ isDynamic: false });

function makers(phase: { readonly isDynamic: boolean }): ValueMakers {
  const make = <T>(type: FlagType<T>) => (value: T, usage = "", options: ValueOptions<T> = {}) =>
    new DynValue(type, value, { ...options, ...phase, usage });
  return {
    bool: make(boolType),
    int: make(intType),
    int64: make(int64Type),
    float: make(floatType),
    string: make(stringType),
    duration: (value, usage = "", options = {}) =>
      make(durationType)(
        value instanceof Duration ? value : durationType.parse(value),
        usage,
        options,
      ),
    stringSlice: make(stringSliceType),
    stringSet: (value, usage = "", options = {}) =>
      make(stringSetType)(new Set(value), usage, options),
    json: <T>(
      value: T,
      usage = "",
      { allowScalar = false, ...options }: ValueOptions<T> & { readonly allowScalar?: boolean } =
        {},
    ) => make(jsonType<T>({ allowScalar }))(value, usage, options),
    binary: make(binaryType),
    logLevel: (value, usage = "", options = {}) =>
      new DynValue(logLevelType, logLevelType.parse(value), {
        ...options,
        ...phase,
        usage,
        defaultText: value,
      }),
    enum: (value, usage, { values, ...options }) => make(enumType(values))(value, usage, options),
    url: (value, usage = "", options = {}) => make(urlType)(urlType.parse(value), usage, options),
    regex: (value, usage = "", options = {}) =>
      make(regexType)(value instanceof RegExp ? value : regexType.parse(value), usage, options),
    bytesSize: (value, usage = "", options = {}) =>
      make(bytesSizeType)(bytesSizeType.parse(String(value)), usage, options),
  };
}
