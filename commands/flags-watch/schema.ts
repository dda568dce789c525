/**
 * The schema document (flags-watch.md 5): from parsed JSON or YAML to a set of declared flags. Every problem is
 * collected, so that the user repairs a schema in one go.
 */

import { declareFileFlag } from "#lib/flags/file_flags.ts";
import type { FlagSet } from "#lib/flags/flag_set.ts";
import { declareFlag, type Report } from "./declaration.ts";

/** All that is wrong with a schema. */
export class SchemaError extends Error {
  override readonly name = "SchemaError";
  /** One sentence each, with where it is. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`${problems.length} problems`);
    this.problems = problems;
  }
}

const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,252}$/;
const MEMBERS = new Set(["set", "flags", "rules", "$schema"]);

/** Adds the rules of a schema to its flags; see `rules/rules.ts`, which only schemas that have some need. */
export type AddRules = (
  flags: FlagSet,
  rules: unknown,
  report: Report,
) => void;

/** Whether a document has rules. */
export function hasRules(document: unknown): boolean {
  return isObject(document) && document["rules"] !== undefined;
}

/** The name a schema gives its set; empty without one, or when there is no such document. */
export function setNameOf(document: unknown): string {
  const name = isObject(document) ? document["set"] : undefined;
  return typeof name === "string" ? name : "";
}

/**
 * Declares the flags of a schema in `flags`, and its rules.
 *
 * @param addRules for a document that {@linkcode hasRules}
 * @throws {SchemaError} naming everything that is wrong; some flags may be declared then
 */
export function declareSchema(flags: FlagSet, document: unknown, addRules?: AddRules): void {
  const problems: string[] = [];
  if (!isObject(document)) throw new SchemaError(["schema: an object is expected"]);
  for (const member of Object.keys(document)) {
    if (MEMBERS.has(member)) continue;
    problems.push(`${member}: no such member`);
  }
  const { set = "", flags: declarations } = document;
  if (typeof set !== "string") problems.push("set: text is expected");
  if (!isObject(declarations)) throw new SchemaError([...problems, "flags: an object is expected"]);
  const files: [name: string, path: string][] = [];
  for (const [name, declaration] of Object.entries(declarations)) {
    const report = (problem: string) => void problems.push(`flag ${name}: ${problem}`);
    if (!NAME.test(name)) report("name is not of [A-Za-z0-9._-], 253 at most, no dot at first");
    else if (flags.has(name)) report("name is taken by a built-in flag");
    else if (!isObject(declaration)) report("an object is expected");
    else {
      const value = declareFlag(declaration, report);
      if (value === undefined) continue;
      flags.bind(name, value);
      if (typeof declaration["file"] === "string") files.push([name, declaration["file"]]);
    }
  }
  // Behind all others, so that a flag of a companion's name is told apart from it.
  for (const [name, path] of files) {
    if (flags.has(`${name}_path`)) {
      problems.push(`flag ${name}: file: name ${name}_path is taken`);
    } else declareFileFlag(flags, name, path);
  }
  // They can only speak of flags that are declared.
  if (problems.length === 0 && hasRules(document)) {
    if (addRules === undefined) throw new TypeError("A schema with rules, and nothing to add them");
    addRules(flags, document["rules"], (problem) => problems.push(problem));
  }
  if (problems.length > 0) throw new SchemaError(problems);
}

/** Whether a parsed document is an object with members. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
