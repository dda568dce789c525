/**
 * `deno task stack < trace.txt`: a stack trace of the bundle or the executable, with the lines of the sources. The
 * bundle's files do not name their maps, because the runtime would read them at every start; they lie beside them.
 * The bundle has to be of the version that the trace is of.
 */

import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";

const FOLDER = new URL("../dist/js/", import.meta.url);
const PLACE = /\b(?:file:)?[^\s()]*?([\w-]+\.js):(\d+):(\d+)/g;

/** Gives the map of a file of the bundle; `undefined` when there is none. */
type ReadMap = (file: string) => TraceMap | undefined;

/** The same trace with places in sources; what has no map stays. */
export function withSources(trace: string, readMap: ReadMap): string {
  return trace.replaceAll(PLACE, (place, file: string, line: string, column: string) => {
    const map = readMap(file);
    if (map === undefined) return place;
    const found = originalPositionFor(map, { line: Number(line), column: Number(column) - 1 });
    if (found.source === null) return place;
    return `${found.source.replace(/^(?:\.\.\/)+/, "")}:${found.line}:${found.column + 1}`;
  });
}

function readMap(file: string): TraceMap | undefined {
  try {
    return new TraceMap(Deno.readTextFileSync(new URL(`${file}.map`, FOLDER)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

if (import.meta.main) {
  const trace = await new Response(Deno.stdin.readable).text();
  Deno.stdout.writeSync(new TextEncoder().encode(withSources(trace, readMap)));
}
