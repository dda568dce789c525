/** Asks the server which declared permissions the current user has. */

import type { KubeWriter, RequestOptions } from "./contract.ts";
import { isJsonObject } from "./types.ts";

/** One rule to review, as in RBAC. */
export interface AccessRule {
  /** API groups; the core group is empty. */
  readonly apiGroups: readonly string[];
  /** May name a subresource: `pods/log`. */
  readonly resources: readonly string[];
  /** Verbs, `*` for all. */
  readonly verbs: readonly string[];
  /** Object names; all when absent. */
  readonly resourceNames?: readonly string[] | undefined;
  /** Namespace to ask about; undefined = all namespaces or cluster-scoped. */
  readonly namespace?: string | undefined;
}

/** The server's answer for one verb on one resource. */
export interface AccessReview {
  /** Verb asked about. */
  readonly verb: string;
  /** API group asked about. */
  readonly group: string;
  /** Resource asked about, with its subresource. */
  readonly resource: string;
  /** Object name asked about. */
  readonly name: string | undefined;
  /** Namespace asked about; undefined for the whole cluster. */
  readonly namespace: string | undefined;
  /** What the server answered. */
  readonly allowed: boolean;
  /** The server's explanation, often empty. */
  readonly reason: string;
}

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
