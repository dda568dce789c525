/** Label and field selectors: parsing with the API server's errors, and matching. */

import { type JsonObject, objectAt, textAt } from "#tests/support/kube_server/json.ts";
import { badRequest } from "#tests/support/kube_server/status.ts";
import type { ResourceType } from "#tests/support/kube_server/resources.ts";

/** Tells whether an object is selected. */
export type Matches = (object: JsonObject) => boolean;

/**
 * Both selectors of a request as one predicate.
 *
 * @throws {StatusError} 400 for a selector that cannot be parsed or names an unknown field
 */
export function selectorOf(query: URLSearchParams, resource: ResourceType): Matches {
  const label = labelSelector(query.get("labelSelector") ?? "");
  const field = fieldSelector(query.get("fieldSelector") ?? "", resource);
  return (object) => label(object) && field(object);
}

/** Parses a label selector: `a=b,c in (d,e),!f`. */
export function labelSelector(text: string): Matches {
  const tests = splitOutsideParentheses(text).map(labelRequirement);
  return (object) => {
    const labels = objectAt(object, "metadata", "labels");
    return tests.every((test) => test(labels));
  };
}

type LabelTest = (labels: JsonObject) => boolean;

function labelRequirement(part: string): LabelTest {
  const requirement = part.trim();
  const absent = /^!\s*([\w./-]+)$/.exec(requirement);
  if (absent?.[1] !== undefined) {
    const key = absent[1];
    return (labels) => !Object.hasOwn(labels, key);
  }
  if (/^[\w./-]+$/.test(requirement)) return (labels) => Object.hasOwn(labels, requirement);
  const equality = /^([\w./-]+)\s*(==|=|!=)\s*([\w./-]*)$/.exec(requirement);
  if (equality !== null) {
    const [, key = "", operator, value = ""] = equality;
    const wanted = operator !== "!=";
    return (labels) => (labels[key] === value) === wanted;
  }
  const membership = /^([\w./-]+)\s+(in|notin)\s+\(([^()]*)\)$/.exec(requirement);
  if (membership !== null) {
    const [, key = "", operator, list = ""] = membership;
    const values = list.split(",").map((value) => value.trim());
    const isMember: LabelTest = (labels) => {
      const value = labels[key];
      return typeof value === "string" && values.includes(value);
    };
    return operator === "in" ? isMember : (labels) => !isMember(labels);
  }
  const rest = /^[\w./-]+\s+(\S+)/.exec(requirement)?.[1] ?? requirement;
  throw badRequest(
    `unable to parse requirement: found '${rest}', expected: in, notin, =, ==, !=, gt, lt`,
  );
}

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  pods: [
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
  ],
  events: [
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "reason",
    "type",
  ],
  secrets: ["type"],
  namespaces: ["status.phase"],
  nodes: ["spec.unschedulable"],
  jobs: ["status.successful"],
};

function fieldSelector(text: string, resource: ResourceType): Matches {
  const tests = text.split(",").filter((part) => part !== "").map((part) => {
    const match = /^(.*?)(!=|==|=)(.*)$/.exec(part);
    if (match === null) {
      throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    }
    const [, field = "", operator, value = ""] = match;
    const known = ["metadata.name", "metadata.namespace", ...FIELDS[resource.resource] ?? []];
    if (!known.includes(field)) {
      throw badRequest(
        resource.custom
          ? `field label not supported: ${field}`
          : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
      );
    }
    const path = field.split(".");
    return (object: JsonObject) => (textAt(object, ...path) === value) === (operator !== "!=");
  });
  return (object) => tests.every((test) => test(object));
}

function splitOutsideParentheses(text: string): string[] {
  const parts = text.match(/(?:[^,(]|\([^)]*\))+/g) ?? [];
  return parts.filter((part) => part.trim() !== "");
}
