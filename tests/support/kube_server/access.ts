/**
 * Who a request is from, and whether it may: bearer tokens, client certificates, impersonation, rules per
 * user, and RBAC objects from the store for users without rules of their own.
 */

import {
  type JsonObject,
  listAt,
  objectAt,
  textAt,
  textsAt,
} from "#tests/support/kube_server/json.ts";
import type { World } from "#tests/support/kube_server/replace.ts";
import { StatusError } from "#tests/support/kube_server/status.ts";

/** What a user may do, in the words of RBAC. `*` stands for everything. */
export interface AccessRule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  /** Default: all namespaces and the cluster scope. */
  readonly namespaces?: readonly string[];
}

/** An authenticated user. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid?: string | undefined;
  readonly extra?: Readonly<Record<string, readonly string[]>> | undefined;
  /** `undefined`: RBAC objects in the store decide. Members of `system:masters` may do everything. */
  readonly rules?: readonly AccessRule[];
}

/** What is asked for, as RBAC sees it. */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  /** With the subresource: `pods/log`. Empty for a path that is no resource. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
}

/** What a request brings to say who it is from. */
export interface Credentials {
  readonly authorization: string | undefined;
  /** Subject of a verified client certificate. */
  readonly certificate: { readonly name: string; readonly groups: readonly string[] } | undefined;
  readonly impersonate: User | undefined;
}

/** Users and rules of one server. */
export class Access {
  readonly #users = new Map<string, User>();
  readonly #world: World;
  /** Whether a request without any credentials is let in as an administrator. */
  #isOpen: boolean;

  constructor(world: World, { isOpen }: { readonly isOpen: boolean }) {
    this.#world = world;
    this.#isOpen = isOpen;
  }

  /** Makes `token` valid for `user`; from the first user on, requests need credentials. */
  addUser(token: string, user: User): void {
    this.#isOpen = false;
    this.#users.set(token, user);
  }

  /** Makes `token` invalid. */
  revoke(token: string): void {
    this.#users.delete(token);
  }

  /** Gives the user of `from` the token `to`, and makes `from` invalid. */
  rotate(from: string, to: string): void {
    const user = this.#users.get(from);
    if (user === undefined) throw new TypeError(`Cannot rotate token "${from}": no user has it`);
    this.#users.delete(from);
    this.#users.set(to, user);
  }

  /** The user of a token. */
  userOf(token: string): User | undefined {
    const user = this.#users.get(token);
    return user === undefined ? undefined : authenticated(user);
  }

  /** @throws {StatusError} 401 for wrong credentials, 403 for a forbidden impersonation */
  authenticate(
    { authorization, certificate, impersonate }: Credentials,
    attributes: Attributes,
  ): User {
    const user = this.#identify({ authorization, certificate, impersonate });
    if (impersonate === undefined) return user;
    if (!isMaster(user)) {
      const verb = `impersonate-on:user-info:${attributes.verb}`;
      throw forbidden(user, { ...attributes, verb });
    }
    return authenticated(impersonate);
  }

  /** @throws {StatusError} 403 */
  authorize(user: User, attributes: Attributes): void {
    if (!this.isAllowed(user, attributes)) throw forbidden(user, attributes);
  }

  /** Whether `user` may. */
  isAllowed(user: User, attributes: Attributes): boolean {
    if (isMaster(user) || isForEveryone(attributes)) return true;
    if (user.rules !== undefined) return user.rules.some((rule) => covers(rule, attributes));
    return this.#rbacRules(user, attributes.namespace).some((rule) => covers(rule, attributes));
  }

  #identify({ authorization, certificate }: Credentials): User {
    if (authorization !== undefined) {
      const token = /^Bearer (.+)$/i.exec(authorization)?.[1] ?? "";
      const user = this.userOf(token);
      if (user !== undefined) return user;
      // An open server takes any token for the administrator's.
      if (!this.#isOpen) throw unauthorized();
    }
    if (certificate !== undefined) return authenticated(certificate);
    if (this.#isOpen) return authenticated({ name: "admin", groups: ["system:masters"] });
    return { name: "system:anonymous", groups: ["system:unauthenticated"] };
  }

  #rbacRules(user: User, namespace: string): AccessRule[] {
    const { resources, store } = this.#world;
    const list = (resource: string) => {
      const type = resources.find("rbac.authorization.k8s.io", "v1", resource);
      return type === undefined ? [] : store.all(type);
    };
    const bindings = [
      ...list("clusterrolebindings"),
      ...list("rolebindings").filter((binding) =>
        namespace !== "" && textAt(binding, "metadata", "namespace") === namespace
      ),
    ].filter((binding) => listAt(binding, "subjects").some((subject) => isSubject(user, subject)));
    return bindings.flatMap((binding) => {
      const reference = objectAt(binding, "roleRef");
      const isCluster = textAt(reference, "kind") === "ClusterRole";
      const role = list(isCluster ? "clusterroles" : "roles").find((role) =>
        textAt(role, "metadata", "name") === textAt(reference, "name") &&
        (isCluster ||
          textAt(role, "metadata", "namespace") === textAt(binding, "metadata", "namespace"))
      );
      return listAt(role, "rules").map((rule) => ({
        apiGroups: textsAt(rule, "apiGroups"),
        resources: textsAt(rule, "resources"),
        verbs: textsAt(rule, "verbs"),
        resourceNames: textsAt(rule, "resourceNames"),
        nonResourceURLs: textsAt(rule, "nonResourceURLs"),
      }));
    });
  }
}

function isSubject(user: User, subject: JsonObject[string]): boolean {
  const name = textAt(subject, "name");
  switch (textAt(subject, "kind")) {
    case "User":
      return user.name === name;
    case "Group":
      return user.groups.includes(name);
    case "ServiceAccount":
      return user.name === `system:serviceaccount:${textAt(subject, "namespace")}:${name}`;
    default:
      return false;
  }
}

function covers(rule: AccessRule, attributes: Attributes): boolean {
  const has = (list: readonly string[] | undefined, value: string) =>
    list?.some((entry) => entry === "*" || entry === value) ?? false;
  if (!has(rule.verbs, attributes.verb)) return false;
  if (attributes.resource === "") {
    return rule.nonResourceURLs?.some((url) =>
      url === attributes.path || url.endsWith("*") && attributes.path.startsWith(url.slice(0, -1))
    ) ?? false;
  }
  const names = rule.resourceNames ?? [];
  const namespaces = rule.namespaces ?? ["*"];
  return has(rule.apiGroups, attributes.group) && has(rule.resources, attributes.resource) &&
    (names.length === 0 || names.includes(attributes.name)) &&
    has(namespaces, attributes.namespace);
}

/** What the real server's default roles give to every authenticated user. */
function isForEveryone({ verb, resource, path }: Attributes): boolean {
  if (resource !== "") {
    return verb === "create" &&
      ["selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"].includes(
        resource,
      );
  }
  return verb === "get" && /^\/(?:version|healthz|livez|readyz|api|apis)(?:\/|$)/.test(path);
}

function isMaster({ groups }: User): boolean {
  return groups.includes("system:masters");
}

function authenticated(user: User): User {
  const groups = new Set([...user.groups, "system:authenticated"]);
  return { ...user, groups: [...groups] };
}

function unauthorized(): StatusError {
  return new StatusError({ code: 401, reason: "Unauthorized", message: "Unauthorized" });
}

function forbidden(user: User, attributes: Attributes): StatusError {
  const { verb, group, resource, namespace, name, path } = attributes;
  if (resource === "") {
    return new StatusError({
      code: 403,
      reason: "Forbidden",
      message: `forbidden: User "${user.name}" cannot ${verb} path "${path}"`,
      details: {},
    });
  }
  const [plural = ""] = resource.split("/");
  const subject = `${plural}${group === "" ? "" : `.${group}`}${name === "" ? "" : ` "${name}"`}`;
  const where = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  return new StatusError({
    code: 403,
    reason: "Forbidden",
    message: `${subject} is forbidden: User "${user.name}" cannot ${verb} resource "${resource}" ` +
      `in API group "${group}" ${where}`,
    details: {
      ...(name === "" ? {} : { name }),
      ...(group === "" ? {} : { group }),
      kind: plural,
    },
  });
}
