/** The member `rules` of a schema: each an expression over flags that must stay true. */

import type { FlagSet } from "#lib/flags/flag_set.ts";
import type { Report } from "../declaration.ts";
import { isObject } from "../schema.ts";
import { parseRule } from "./expression.ts";

const MAX_RULES = 100;
const MEMBERS = ["name", "assert"];

/** Adds the rules to the declared flags, and reports those that cannot be added. */
export function addRules(flags: FlagSet, rules: unknown, report: Report): void {
  if (!Array.isArray(rules)) return report("rules: a list is expected");
  if (rules.length > MAX_RULES) return report(`rules: over ${MAX_RULES} of them`);
  for (const [index, rule] of rules.entries()) addRule(flags, rule, index, report);
}

function addRule(flags: FlagSet, rule: unknown, index: number, report: Report): void {
  const place = `rules[${index}]`;
  if (!isObject(rule)) return report(`${place}: an object is expected`);
  for (const member of Object.keys(rule)) {
    if (!MEMBERS.includes(member)) report(`${place}: ${member}: no such member`);
  }
  const { name = `rule ${index + 1}`, assert: text } = rule;
  if (typeof name !== "string") return report(`${place}: name: text is expected`);
  if (typeof text !== "string") return report(`${place}: assert: text is expected`);
  try {
    const { flags: named, holds } = parseRule(text, (flag) => flags.get(flag)?.type.name);
    flags.addRule({ name, flags: named, holds, text });
  } catch (err) {
    report(`${place}: ${err instanceof Error ? err.message : err}`);
  }
}
