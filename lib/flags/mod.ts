/**
 * Dynamic flags: typed, validated values that change while a program runs. The door of the library; runs on
 * Deno, Node and Bun. Files and watching come from `deno.ts` or `node.ts` beside it.
 *
 * @module
 */

export type { LogFields, Logger } from "#lib/log/logger.ts";
export type { Clock, Timer } from "#lib/run/clock.ts";
export { checksumOf } from "./checksum.ts";
export {
  type ConfigObject,
  type ConfigObjectEvent,
  type ConfigObjectInformer,
  type ConfigObjectRef,
  configObjectSource,
} from "./config_object_source.ts";
export { dyn, fixed, type ValueMakers } from "./declare.ts";
export type {
  DirectoryAccess,
  DirectReads,
  ListedEntry,
  PathListener,
  PathStat,
} from "./directory_access.ts";
export { directorySource, type DirectorySourceOptions } from "./directory_source.ts";
export {
  type EndpointOptions,
  type FlagsHandler,
  flagsHandler,
  listFlags,
  type SetAttempt,
  setFlag,
} from "./endpoint.ts";
export { applyEnvironment, environmentName } from "./environment.ts";
export { FlagError, type FlagErrorReason } from "./errors.ts";
export type { FlagRule } from "./flag_rules.ts";
export { type FlagRoutesOptions, handleFlagRoutes } from "./flag_routes.ts";
export { declareFileFlag, type FileReader, isFileFlag, readFileFlags } from "./file_flags.ts";
export { FlagSet } from "./flag_set.ts";
export type {
  ApplyOptions,
  FlagChange,
  FlagEntry,
  FlagInputs,
  FlagSetOptions,
  FlagUpdate,
  ValueSource,
} from "./flag_set_contract.ts";
export {
  type FormattedListing,
  type ListedFlag,
  type Listing,
  ListingCache,
  type ListingFilter,
} from "./listing.ts";
export type { ChangeListener, ValueChange } from "./listeners.ts";
export type { FlagMakers } from "./named_makers.ts";
export {
  type FlagEventDetails,
  type FlagEventHandler,
  type FlagEvents,
  type FlagProvider,
  type FlagResolution,
  openFeatureProvider,
} from "./open_feature.ts";
export {
  type FlagSource,
  MemorySource,
  type SourceItem,
  type SourceSnapshot,
  type SourceWatch,
  type SourceWatcher,
} from "./source.ts";
export { Duration } from "./types/duration.ts";
export type { FlagType, FlagTypeName } from "./types/flag_type.ts";
export { FLAG_LOG_LEVELS, type FlagLogLevel } from "./types/scalars.ts";
export { setup, Updater, type UpdaterOptions } from "./updater.ts";
export {
  type Ordered,
  type StandardResult,
  type StandardSchema,
  validateMinElements,
  validateOneOf,
  validateRange,
  validateRegex,
  type Validator,
  type Widened,
} from "./validators.ts";
export { Callable, DynValue } from "./value.ts";
export type {
  AnyValue,
  ListenerErrorReporter,
  NewInput,
  PreparedChange,
  ValueInput,
  ValueOptions,
  ValueOwner,
  ValueState,
} from "./value_contract.ts";
export {
  changeBodies,
  type ChangeBody,
  type FlagBody,
  flagBody,
  type FlagSetBody,
  flagSetBody,
  type UpdateBody,
  updateBody,
} from "./wire.ts";
