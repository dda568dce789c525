/**
 * A real control plane for tests. Order of choice: `KCFG_TEST_KUBE` (a kubeconfig), `KUBEBUILDER_ASSETS`,
 * the cached build of `tests/controlplane`, a build with `go`; else the reason why there is none.
 * A test runner starts one plane before the suite and hands it on with `KCFG_TEST_KUBE`.
 */

import { findPrograms, type Unavailable } from "#tests/support/control_plane/programs.ts";
import {
  type Servers,
  type ServersOptions,
  startServers,
} from "#tests/support/control_plane/servers.ts";
import {
  endpointOfKubeconfig,
  writePlaneKubeconfig,
} from "#tests/support/control_plane/kubeconfig.ts";
import type { Endpoint } from "#tests/support/control_plane/http.ts";

/** A control plane a test may use. */
export interface ControlPlane {
  /** To be handed to other processes as `KCFG_TEST_KUBE`. */
  readonly kubeconfigPath: string;
  readonly url: string;
  /** How the administrator reaches it. */
  readonly admin: Endpoint;
  /** An authenticated user without any right; absent on a plane that is not ours. */
  readonly nobody?: Endpoint | undefined;
  /** Absent on a plane that is not ours. */
  readonly etcdUrl?: string | undefined;
  /** Whether Deployments make Pods, garbage is collected, namespaces end. */
  readonly hasControllers: boolean;
}

/** A control plane of our own, which can be stopped. */
export interface OwnControlPlane extends ControlPlane {
  readonly adminToken: string;
  readonly caPath: string;
  /** Stop and start of the API server alone, and the folder of logs. */
  readonly servers: Servers;
  /** Milliseconds from the start of the first process to a ready API. */
  readonly startedInMs: number;
  /** Ends everything. Idempotent. */
  stop(): Promise<void>;
}

/** Starts a plane of one's own, whatever `KCFG_TEST_KUBE` says. Progress of a build goes to stderr. */
export async function startControlPlane(
  options: ServersOptions = {},
): Promise<OwnControlPlane | Unavailable> {
  const programs = await findPrograms({ env: (name) => Deno.env.get(name), progress });
  if ("unavailable" in programs) return programs;
  const startedAt = performance.now();
  const servers = await startServers(programs, options);
  const startedInMs = Math.round(performance.now() - startedAt);
  const kubeconfigPath = await writePlaneKubeconfig(servers);
  const caPem = await Deno.readTextFile(servers.caPath);
  return {
    kubeconfigPath,
    url: servers.url,
    admin: { url: servers.url, caPem, token: servers.adminToken },
    nobody: { url: servers.url, caPem, token: servers.nobodyToken },
    etcdUrl: servers.etcdUrl,
    hasControllers: servers.hasControllers,
    adminToken: servers.adminToken,
    caPath: servers.caPath,
    servers,
    startedInMs,
    stop: () => servers.stop(),
  };
}

/**
 * The plane for this test process: the one of `KCFG_TEST_KUBE`, else one of its own that dies with the
 * process. To be awaited at the top of a test file, outside any test.
 */
export async function controlPlane(): Promise<ControlPlane | Unavailable> {
  const given = Deno.env.get("KCFG_TEST_KUBE");
  if (given !== undefined && given !== "") return await openControlPlane(given);
  const plane = await startControlPlane();
  if ("unavailable" in plane) {
    progress(`control plane: not available, its tests are ignored: ${plane.unavailable}`);
    return plane;
  }
  globalThis.addEventListener("unload", () => plane.servers.stopNow());
  return plane;
}

/** The plane behind a kubeconfig: its current context, with a token or a client certificate. */
export async function openControlPlane(kubeconfigPath: string): Promise<ControlPlane> {
  const { admin, nobodyToken, etcdUrl, hasControllers = true } = await endpointOfKubeconfig(
    kubeconfigPath,
  );
  return {
    kubeconfigPath,
    url: admin.url,
    admin,
    nobody: nobodyToken === undefined
      ? undefined
      : { url: admin.url, caPem: admin.caPem, token: nobodyToken },
    etcdUrl,
    hasControllers,
  };
}

function progress(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}
