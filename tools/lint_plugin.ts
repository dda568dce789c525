/**
 * The house rules as lint rules (`kcfg/…`): the import table, the homes of packages, the bans and the
 * shape of files. A layout rule that is not checked here does not count.
 */

import { globalRules } from "./lint/global_rules.ts";
import { importRules } from "./lint/import_rules.ts";
import { shapeRules } from "./lint/shape_rules.ts";

const plugin: Deno.lint.Plugin = {
  name: "kcfg",
  rules: { ...importRules, ...globalRules, ...shapeRules },
};

export default plugin;
