/** Makes the source that the options name. What only the API or a manifest needs is loaded for that alone. */

import { denoDirectoryAccess } from "#lib/flags/deno.ts";
import { directorySource } from "#lib/flags/directory_source.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Metrics } from "#lib/metrics/metrics.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { AppSource } from "./app.ts";
import type { FlagsWatchOptions } from "./options.ts";

/** What sources need. */
export interface SourceDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Where a source that asks the API server counts. */
  readonly metrics: Metrics;
}

/** The source; `undefined` for none. */
export async function createSource(
  { source, kube }: Pick<FlagsWatchOptions, "source" | "kube">,
  deps: SourceDeps,
): Promise<AppSource | undefined> {
  switch (source.kind) {
    case "directory": {
      const { pollIntervalMs, debounceMs } = source;
      const { clock } = deps;
      return {
        source: directorySource(source.path, {
          access: denoDirectoryAccess,
          ...{ clock, pollIntervalMs, debounceMs },
        }),
      };
    }
    case "api": {
      const { createApiSource } = await import("./api_source.ts");
      return await createApiSource(source.objects, kube, deps);
    }
    case "manifest": {
      const { readManifest } = await import("./manifest_source.ts");
      return { source: await readManifest(source.path) };
    }
    case "none":
      return undefined;
  }
}
