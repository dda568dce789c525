/** The flags of `kcfg flags-watch` as data (flags-watch.md 6). What they mean together is in `options.ts`. */

import { logFlags } from "#lib/cli/common_flags.ts";
import {
  boolFlag,
  choiceFlag,
  durationFlag,
  type Flag,
  type FlagTable,
  listFlag,
  optionalTextFlag,
  textFlag,
} from "#lib/cli/flag.ts";
import { KUBE_FLAGS, RBAC_FLAGS } from "#lib/cli/kube_flags.ts";
import { type ListenAddress, parseListenAddress } from "#lib/http/address.ts";

/** What is written to stdout. */
export type OutputForm = "none" | "jsonl" | "text";

/** Form of the file that holds the values. */
export type FileForm = "json" | "env" | "properties" | "yaml";

/** The flag table. Each flag can also be set by `KCFG_FLAGS_<FLAG>`. */
export const FLAGS = withVariables({
  "config-dir": pathFlag("Directory to follow, one file a flag", "Source"),
  dir: { ...pathFlag("Same as --config-dir", "Source"), hidden: true },
  dflag_dir_path: { ...pathFlag("Same as --config-dir", "Source"), hidden: true },
  configmap: objectFlag("ConfigMap to follow through the API; several times, later ones win"),
  secret: objectFlag("Secret to follow through the API, over the ConfigMaps"),
  "no-source": offFlag("Follow nothing: values come from --set and HTTP alone", "Source"),
  "wait-dir": timeFlag("How long to wait for a directory that is not there yet", "Source", "0s"),
  "poll-interval": timeFlag(
    "Time between reads that no event asked for, 0 for none",
    "Source",
    "60s",
  ),
  debounce: timeFlag("How long a plain file must be quiet before it is read", "Source", "50ms"),
  schema: optionalTextFlag({
    brief: "File that declares the flags, JSON or YAML by its name; - is stdin",
    category: "Flags",
    placeholder: "FILE",
  }),
  "schema-configmap": optionalTextFlag({
    brief: "Key of a ConfigMap that declares the flags",
    category: "Flags",
    placeholder: "[NS/]NAME#KEY",
  }),
  infer: offFlag("Without a schema: every key is a flag of type string", "Flags"),
  set: listFlag({
    brief: "Value from the command line; several times for several",
    category: "Flags",
    placeholder: "NAME=RAW",
  }),
  loglevel: optionalTextFlag({
    brief: "Sets the built-in flag loglevel",
    category: "Flags",
    placeholder: "LEVEL",
  }),
  "logger-json": builtInBool("Sets the built-in flag logger-json"),
  "logger-timestamp": builtInBool("Sets the built-in flag logger-timestamp"),
  unknown: choiceFlag<"warn" | "error" | "ignore">({
    brief: "What a key is that no flag is named after",
    category: "Updates",
    default: "warn",
    choices: ["warn", "error", "ignore"],
  }),
  "init-errors": choiceFlag<"fail" | "warn">({
    brief: "What a bad value is at the start: fail ends with status 1",
    category: "Updates",
    default: "fail",
    choices: ["fail", "warn"],
  }),
  atomic: offFlag("One bad value keeps the whole update out", "Updates"),
  "on-remove": choiceFlag<"keep" | "default">({
    brief: "What becomes of a flag whose key is removed",
    category: "Updates",
    default: "keep",
    choices: ["keep", "default"],
  }),
  "override-policy": choiceFlag<"until-update" | "sticky">({
    brief: "How long a value set over HTTP stays",
    category: "Updates",
    default: "until-update",
    choices: ["until-update", "sticky"],
  }),
  "config-port": listenFlag("HTTP service; a bare number means all interfaces"),
  listen: { ...listenFlag("Same as --config-port"), hidden: true },
  "list-path": routeFlag("Path of the listing", "/"),
  "set-path": routeFlag("Path that sets a flag", "/set"),
  "allow-set": offFlag("Allow setting over HTTP", "HTTP"),
  "allow-set-paths": offFlag("Allow setting companions, which name files, over HTTP", "HTTP"),
  "set-token-file": pathFlag("File with the bearer token that setting needs", "HTTP"),
  ofrep: offFlag("Answer OpenFeature remote evaluation", "HTTP"),
  output: {
    ...choiceFlag<OutputForm>({
      brief: "Changes on stdout; jsonl without HTTP and hooks, else none",
      category: "Output",
      default: "none",
      choices: ["none", "jsonl", "text"],
    }),
    default: undefined,
  } as Flag<OutputForm | undefined>,
  once: offFlag("Read once, print the listing, end with 1 if a value is bad", "Output"),
  check: pathFlag("With --once: a manifest to read instead of a source", "Output"),
  "out-file": pathFlag("File that is kept at the current values, or written with --once", "Output"),
  "out-format": choiceFlag<FileForm>({
    brief: "Form of that file",
    category: "Output",
    default: "json",
    choices: ["json", "env", "properties", "yaml"],
  }),
  "on-change": optionalTextFlag({
    brief: "Shell command to run after each change; a program of one's own stands behind --",
    category: "Hooks",
    placeholder: "COMMAND",
  }),
  "on-change-http": optionalTextFlag({
    brief: "URL to send each change to",
    category: "Hooks",
    placeholder: "URL",
    sensitive: "url",
  }),
  "on-change-http-header": listFlag({
    brief: "Header of that request; several times for several",
    category: "Hooks",
    placeholder: "NAME: VALUE",
    sensitive: "secret",
  }),
  "on-change-http-method": textFlag({
    brief: "Method of that request",
    category: "Hooks",
    default: "POST",
    placeholder: "METHOD",
  }),
  "hook-timeout": durationFlag({
    brief: "Longest time for one run of a hook",
    category: "Hooks",
    default: "30s",
    minMs: 1,
  }),
  "hook-on-start": offFlag("Run the hooks at the start too", "Hooks"),
  "hook-secrets": offFlag("Give secret flags to the hooks", "Hooks"),
  "emit-types": choiceFlag<"none" | "ts">({
    brief:
      "Print TypeScript types of the values, as JSON shows them, and end; needs a schema alone",
    category: "Output",
    default: "none",
    choices: ["none", "ts"],
  }),
  ...KUBE_FLAGS,
  ...RBAC_FLAGS,
  ...logFlags({ level: "info", format: "json" }),
});

/** Adds `KCFG_FLAGS_<FLAG>`, the variables of the specification, to each flag. */
function withVariables<const T extends FlagTable>(table: T): T {
  const entries = Object.entries(table).map(([name, flag]) => [name, {
    ...flag,
    env: [`KCFG_FLAGS_${name}`.replaceAll("-", "_").toUpperCase(), ...flag.env ?? []],
  }]);
  return Object.fromEntries(entries) as T;
}

function pathFlag(brief: string, category: string): Flag<string | undefined> {
  const placeholder = category === "Source" ? "DIR" : "FILE";
  // An empty text is what the replaced program's default looks like: nothing.
  const flag = optionalTextFlag({ brief, category, placeholder });
  return { ...flag, parse: (text) => text === "" ? undefined : text };
}

function objectFlag(brief: string): Flag<readonly string[]> {
  return listFlag({ brief, category: "Source", placeholder: "[NS/]NAME" });
}

function offFlag(brief: string, category: string): Flag<boolean> {
  return boolFlag({ brief, category, default: "false" });
}

function timeFlag(brief: string, category: string, time: string): Flag<number> {
  return durationFlag({ brief, category, default: time, minMs: 0 });
}

function builtInBool(brief: string): Flag<string | undefined> {
  return { ...optionalTextFlag({ brief, category: "Flags" }), boolean: true };
}

function routeFlag(brief: string, path: string): Flag<string> {
  return {
    ...textFlag({ brief, category: "HTTP", default: path, placeholder: "PATH" }),
    parse(text) {
      if (/^\/[^?#\s]*$/.test(text)) return text;
      throw new SyntaxError(`"${text}" is not a path that begins with /`);
    },
  };
}

function listenFlag(brief: string): Flag<ListenAddress | undefined> {
  return {
    brief,
    category: "HTTP",
    placeholder: "[HOST:]PORT",
    parse(text) {
      if (text === "") return undefined;
      return parseListenAddress(/^\d+$/.test(text) ? `:${text}` : text);
    },
  };
}
