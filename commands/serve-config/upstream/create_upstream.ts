/** The backend that the options name, behind the interface they ask for. */

import { anyPortFetch } from "#lib/http/any_port_fetch.ts";
import type { ServeConfigOptions } from "../options.ts";
import type { Upstream, UpstreamDeps } from "./upstream.ts";
import { createDirUpstream } from "./upstream_dir.ts";
import { createHttpUpstream } from "./upstream_http.ts";

/**
 * Makes the backend; nothing is read yet. What only one of them needs is loaded for it alone.
 *
 * @throws {SpringError} when the file of overrides cannot be read
 * @throws {KubeConfigError} when the API server is to be followed and there is no usable configuration
 */
export async function createUpstream(
  options: ServeConfigOptions,
  deps: UpstreamDeps,
): Promise<Upstream> {
  const { backend, backendOptions, keepContentType, maxObjectBytes, api } = options;
  if (backend.kind === "http") {
    return createHttpUpstream({ ...backend, maxObjectBytes, keepContentType }, {
      fetch: anyPortFetch(fetch),
      traceHeaders: deps.traceHeaders,
    });
  }
  if (backend.kind === "kube") {
    const { createKubeUpstream } = await import("../kube/kube_upstream.ts");
    return await createKubeUpstream(options, deps);
  }
  const { directory } = backend;
  const raw = createDirUpstream({
    directory,
    flatten: backendOptions.flatten,
    maxObjectBytes,
  }, deps);
  if (api === "raw") return raw;
  const { createSpringDirUpstream } = await import("../spring/dir_upstream.ts");
  // Configuration files are found by their whole path, whatever the raw interface drops.
  const files = createDirUpstream(
    { directory, flatten: false, maxObjectBytes, tellsTime: true },
    deps,
  );
  return await createSpringDirUpstream(options, { directory, files, raw });
}
