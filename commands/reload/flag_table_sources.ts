/** Flags for what is followed and how its files are written (reload.md 2.3). */

import { boolFlag, choiceFlag, numberFlag, optionalTextFlag, textFlag } from "#lib/cli/flag.ts";
import { duration, FILES, list, off, optional, SOURCE } from "./flag_makers.ts";

/** What is followed. */
export const SOURCE_FLAGS = {
  configroot: optionalTextFlag({
    brief: "Directory that receives the files; made when it is not there",
    category: FILES,
    placeholder: "DIR",
    env: ["CONFIG_CONTROLLER_CONFIGROOT"],
  }),
  configmap: list(SOURCE, "ConfigMap to follow, files in SUBDIR", "[NS/]NAME[:SUBDIR]", [
    "CONFIG_CONTROLLER_CONFIGMAP",
  ]),
  secret: list(SOURCE, "Secret to follow, files in SUBDIR", "[NS/]NAME[:SUBDIR]"),
  selector: textFlag({
    brief: "Label selector; follow every object it names",
    category: SOURCE,
    default: "",
    placeholder: "EXPR",
  }),
  resources: choiceFlag<"configmap" | "secret" | "both">({
    brief: "With --selector: kinds to follow",
    category: SOURCE,
    default: "configmap",
    choices: ["configmap", "secret", "both"],
  }),
  "selector-namespaces": textFlag({
    brief: "With --selector: namespaces, separated by commas, or ALL",
    category: SOURCE,
    default: "",
    placeholder: "NS,…",
  }),
  "selector-name": list(
    SOURCE,
    "With --selector: follow only this object of those it names",
    "[[NS/]KIND/]NAME",
  ),
  "folder-annotation": textFlag({
    brief: "With --selector: annotation with the folder of an object's files, below --configroot",
    category: SOURCE,
    default: "",
    placeholder: "NAME",
  }),
  "unique-filenames": off(
    SOURCE,
    "With --selector: name files namespace_NS.KIND_OBJECT.KEY",
  ),
  "on-conflict": choiceFlag<"reject" | "last-wins">({
    brief: "Two sources of one file: refuse the version, or the later one wins",
    category: SOURCE,
    default: "reject",
    choices: ["reject", "last-wins"],
  }),
  "volume-dir": list(
    SOURCE,
    "Follow a mounted volume instead of the API; without --configroot it is used in place",
    "DIR",
  ),
  missing: choiceFlag<"fail" | "wait" | "empty">({
    brief: "Object absent at the start: end with 1, wait for it, or take it for empty",
    category: SOURCE,
    default: "fail",
    choices: ["fail", "wait", "empty"],
  }),
  "startup-timeout": duration(SOURCE, "How long an unreachable API is tried at the start", "60s"),
  "on-delete": choiceFlag<"keep" | "empty" | "exit">({
    brief: "Object deleted while running: keep the files, remove them, or end with 1",
    category: SOURCE,
    default: "keep",
    choices: ["keep", "empty", "exit"],
  }),
  "on-empty": choiceFlag<"apply" | "keep">({
    brief: "Object without keys: remove the files, or keep them",
    category: SOURCE,
    default: "apply",
    choices: ["apply", "keep"],
  }),
  "running-in-cluster": boolFlag({
    brief: "False leaves out the pod's account when looking for a configuration",
    category: SOURCE,
    default: "true",
  }),
} as const;

/** What is written. */
export const FILE_FLAGS = {
  item: list(FILES, "Write only the keys named, each at its path", "KEY=PATH"),
  include: list(FILES, "Write only keys that match a pattern", "GLOB"),
  exclude: list(FILES, "Leave out keys that match a pattern", "GLOB"),
  "url-keys": choiceFlag<"off" | "2xx" | "any">({
    brief:
      "Keys that end in .url hold a URL, whose body becomes the file: of success alone, or any",
    category: FILES,
    default: "off",
    choices: ["off", "2xx", "any"],
  }),
  "path-separator": textFlag({
    brief: "Text in keys that becomes / in paths",
    category: FILES,
    default: "",
    placeholder: "TEXT",
  }),
  "file-mode": optional(FILES, "Exact mode of files, 0666 less the umask by default", "OCTAL"),
  "dir-mode": optional(FILES, "Exact mode of folders, 0777 less the umask by default", "OCTAL"),
  owner: optional(FILES, "Owner of files and folders", "UID[:GID]"),
  layout: choiceFlag<"symlink" | "flat">({
    brief: "symlink switches all files at once as the kubelet does; flat replaces file by file",
    category: FILES,
    default: "symlink",
    choices: ["symlink", "flat"],
  }),
  fsync: boolFlag({
    brief: "Wait until files are on the disk before the switch",
    category: FILES,
    default: "true",
  }),
  "keep-versions": numberFlag({
    brief: "Earlier versions kept on disk",
    category: FILES,
    default: "1",
    min: 0,
    max: 100,
  }),
  gunzip: list(FILES, "Decompress contents of matching keys that are gzip", "GLOB"),
  envsubst: list(FILES, "Replace $(NAME) in matching keys by variables", "GLOB"),
  "envsubst-missing": choiceFlag<"keep" | "empty" | "reject">({
    brief: "Variable that is not set: keep the text, leave it out, or refuse the version",
    category: FILES,
    default: "keep",
    choices: ["keep", "empty", "reject"],
  }),
} as const;
