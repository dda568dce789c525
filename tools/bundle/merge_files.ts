/**
 * The last stage of the bundle: few files instead of many. The runtime's bundler puts code that several parts share
 * into a file for each set of them, and a start reads them all: 45 for flags-watch, where four do.
 */

import { rollup } from "rollup";
import { eagerFunctions } from "./eager_functions.ts";
import { doorsOf, lateImports } from "./late_imports.ts";
import { startFiles } from "./start_files.ts";

/** Bytes below which a file is merged with one that is loaded with it. */
const SMALL_BYTES = 1000;

/**
 * Rewrites the files of `from`, whose entry is `main.js`, into `outDir`, source maps included.
 *
 * @throws {Error} when the files have a form that is not known
 */
export async function mergeFiles(from: string, outDir: string): Promise<void> {
  const entry = `${from}/main.js`;
  const main = await Deno.readTextFile(entry);
  const merged = await rollup({
    input: entry,
    external: (id) => !id.startsWith(".") && !id.startsWith("/"),
    plugins: [withMaps(), eagerFunctions(), lateImports(main)],
    // What can be left out the first stage has left out.
    treeshake: { moduleSideEffects: true },
    onLog(level, log) {
      if (level === "warn") throw new Error(`Cannot merge the bundle's files: ${log.message}`);
    },
  });
  try {
    await merged.write({
      dir: outDir,
      format: "es",
      compact: true,
      // Files that name their maps have them read at every start, which takes 4 ms; see `tools/stack.ts`.
      sourcemap: "hidden",
      hoistTransitiveImports: false,
      experimentalMinChunkSize: SMALL_BYTES,
      chunkFileNames: "[name].js",
      onlyExplicitManualChunks: true,
      manualChunks: startFiles(
        entry,
        new Map(doorsOf(main).map(({ door, name }) => [`${from}/${door}`, name])),
      ),
    });
  } finally {
    await merged.close();
  }
}

/** Files with the maps that the first stage wrote beside them. */
function withMaps() {
  return {
    name: "with-maps",
    async load(id: string) {
      const code = await Deno.readTextFile(id);
      return { code, map: JSON.parse(await Deno.readTextFile(`${id}.map`)) };
    },
  };
}
