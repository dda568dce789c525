/** The test suites, in the order in which they run: the quick ones first. */

import { bundle } from "../tools/bundle.ts";
import { startControlPlane } from "./support/control_plane.ts";

/** A set of test files and what must be there before they run. */
export interface Suite {
  /** What it proves, for the person who watches. */
  readonly title: string;
  /** Files and folders for `deno test`. */
  readonly files: readonly string[];
  /** Files below those that belong to another suite. */
  readonly ignore?: readonly string[];
  /**
   * How often a failed test is tried again, 0 by default. Only for tests against servers in the same process or
   * on a busy machine, where the runtime's HTTP/2 code fails by itself now and then.
   */
  readonly retries?: number;
  /** Starts what the files need; `env` is added to their environment. */
  prepare?(): Promise<{
    readonly env: Readonly<Record<string, string>>;
    release(): Promise<void>;
  }>;
}

const CONTROL_PLANE_TEST = "tests/support/control_plane_test.ts";

/** Suites by name. */
export const SUITES: Readonly<Record<string, Suite>> = {
  unit: {
    title: "units and handlers",
    files: ["lib", "commands", "tools", "tests/support"],
    ignore: [CONTROL_PLANE_TEST],
    retries: 1,
  },
  contract: {
    title: "the Kubernetes client on the fake and on a real API server",
    files: ["tests/contract", CONTROL_PLANE_TEST],
    retries: 2,
    prepare: withControlPlane,
  },
  compat: {
    title: "recorded answers of the replaced programs",
    files: ["tests/compat"],
  },
  cli: {
    title: "command line, from source and from the bundle",
    files: ["tests/cli"],
    prepare: withBundle,
  },
  gates: {
    title: "format, house rules, types, generated pages",
    files: ["tests/gates"],
  },
  integration: {
    title: "whole processes, from source",
    files: ["tests/integration"],
    retries: 1,
    prepare: withControlPlane,
  },
  bundle: {
    title: "whole processes, from the bundle",
    files: ["tests/integration"],
    retries: 1,
    ignore: [
      "tests/integration/npm_test.ts",
      "tests/integration/flags_example_test.ts",
      "tests/integration/ofrep_test.ts",
      "tests/integration/open_feature_test.ts",
      "tests/integration/spring_client_test.ts",
      "tests/integration/serve_config_soak_test.ts",
    ],
    prepare: () => both(withBundle, withControlPlane),
  },
};

type Prepare = NonNullable<Suite["prepare"]>;

async function both(first: Prepare, second: Prepare) {
  const [one, two] = [await first(), await second()];
  return {
    env: { ...one.env, ...two.env },
    release: async () => void await Promise.all([one.release(), two.release()]),
  };
}

async function withBundle() {
  const { entry } = await bundle();
  return { env: { KCFG_TEST_BUNDLE: entry }, release: () => Promise.resolve() };
}

/** One real API server for the whole suite; without one its tests say why they are ignored. */
async function withControlPlane() {
  if (Deno.env.get("KCFG_TEST_KUBE")) return { env: {}, release: () => Promise.resolve() };
  const plane = await startControlPlane();
  if ("unavailable" in plane) return { env: {}, release: () => Promise.resolve() };
  return { env: { KCFG_TEST_KUBE: plane.kubeconfigPath }, release: () => plane.stop() };
}
