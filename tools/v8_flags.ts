/**
 * Flags of the runtime's engine that are built into the executable, whose memory is mostly the engine's. Whoever
 * runs the bundle passes them as `--v8-flags` or in `DENO_V8_FLAGS`; see decision 2 for what each saves.
 */
export const V8_FLAGS: readonly string[] = [
  // MiB for new objects before the first collection: a start ends within them, and an idle process never collects.
  "--min-semi-space-size=2",
  // The first optimizing compiler is a MiB of program and more, and 400 calls are soon made by nothing that is hot.
  "--invocation-count-for-maglev=2000",
  // Bytes of machine code that are worth a batch of the compiler before that one: a start has none worth it.
  "--baseline-batch-compilation-threshold=65536",
  // For `commands/reload/collector.ts`, which otherwise loads 1 MiB of Node's layer to reach the collector.
  "--expose-gc",
];

/** The same as one argument of `deno run` and `deno compile`. */
export const V8_FLAGS_ARG = `--v8-flags=${V8_FLAGS.join(",")}`;
