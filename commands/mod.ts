/** The command table: what users can type, and how each command is loaded. */

import type { CommandEntry } from "#lib/cli/command.ts";

/** Every command, in the order `kcfg help` lists them. Loading is lazy; paths are literal for the bundler. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "serve-config",
    summary: "Serve configuration files over HTTP from a backend behind a cache",
    load: () => import("./serve-config/mod.ts"),
  },
  {
    name: "reload",
    summary: "Keep a directory equal to ConfigMaps and reload the application",
    load: () => import("./reload/mod.ts"),
  },
  {
    name: "flags-watch",
    summary: "Follow typed values in a directory or ConfigMap and pass changes on",
    load: () => import("./flags-watch/mod.ts"),
  },
  {
    name: "resolve",
    summary: "Show, follow, wait for or probe the endpoints of a Service",
    load: () => import("./resolve/mod.ts"),
  },
  {
    name: "doctor",
    summary: "Check the way to the Kubernetes API server",
    load: () => import("./doctor/mod.ts"),
  },
  {
    name: "completion",
    summary: "Print the completion script of a shell",
    load: () => import("./completion/mod.ts"),
  },
  {
    name: "version",
    summary: "Print the version",
    load: () => import("./version/mod.ts"),
  },
];
