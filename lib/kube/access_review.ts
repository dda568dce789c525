/** Asks the server which declared permissions the current user has. */

import type { AccessReview, AccessRule } from "./access.ts";
import type { KubeWriter, RequestOptions } from "./contract.ts";
import { isJsonObject } from "./types.ts";

/** Reviews each (rule × resource × name × verb), eight at a time, in the order of the rules. */
export async function reviewAccess(
  writer: Pick<KubeWriter, "create">,
  rules: readonly AccessRule[],
  options: RequestOptions = {},
): Promise<AccessReview[]> {
  const questions = rules.flatMap(expandRule);
  const answers: AccessReview[] = [];
  for (let at = 0; at < questions.length; at += MAX_PARALLEL) {
    const batch = questions.slice(at, at + MAX_PARALLEL);
    answers.push(...await Promise.all(batch.map((question) => ask(writer, question, options))));
  }
  return answers;
}

type Question = Omit<AccessReview, "allowed" | "reason">;

const MAX_PARALLEL = 8;
const REVIEWS = {
  group: "authorization.k8s.io",
  version: "v1",
  resource: "selfsubjectaccessreviews",
} as const;

function expandRule(rule: AccessRule): Question[] {
  const names = rule.resourceNames?.length ? rule.resourceNames : [undefined];
  const { namespace } = rule;
  return rule.apiGroups.flatMap((group) =>
    rule.resources.flatMap((resource) =>
      names.flatMap((name) =>
        rule.verbs.map((verb) => ({ verb, group, resource, name, namespace }))
      )
    )
  );
}

async function ask(
  writer: Pick<KubeWriter, "create">,
  question: Question,
  options: RequestOptions,
): Promise<AccessReview> {
  const { verb, group, namespace, name } = question;
  const [resource, subresource] = question.resource.split("/");
  const answer = await writer.create(REVIEWS, {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes: { namespace, verb, group, resource, subresource, name } },
  }, options);
  const status = isJsonObject(answer["status"]) ? answer["status"] : {};
  const reason = status["reason"] ?? status["evaluationError"];
  return {
    ...question,
    allowed: status["allowed"] === true,
    reason: typeof reason === "string" ? reason : "",
  };
}
