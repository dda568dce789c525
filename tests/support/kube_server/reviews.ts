/** Reviews and tokens: POSTs that are answered without anything being stored. */

import type { Access, Attributes, User } from "#tests/support/kube_server/access.ts";
import {
  at,
  isObject,
  type JsonObject,
  metadataOf,
  objectAt,
  textAt,
  textsAt,
} from "#tests/support/kube_server/json.ts";
import { existing } from "#tests/support/kube_server/objects.ts";
import { timestamp, type World } from "#tests/support/kube_server/replace.ts";
import { apiVersionOf, type ResourceType } from "#tests/support/kube_server/resources.ts";
import { invalid, noSuchResource } from "#tests/support/kube_server/status.ts";
import type { ObjectRef } from "#tests/support/kube_server/store.ts";

/** Answers a review. */
export function review(
  access: Access,
  { resource, user, body, now }: {
    readonly resource: ResourceType;
    readonly user: User;
    readonly body: JsonObject;
    readonly now: Pick<World, "now">;
  },
): JsonObject {
  const answer = (status: JsonObject): JsonObject => ({
    kind: resource.kind,
    apiVersion: apiVersionOf(resource),
    metadata: {
      ...metadataOf(body),
      ...(resource.resource === "selfsubjectreviews" ? { creationTimestamp: timestamp(now) } : {}),
    },
    ...(body["spec"] === undefined ? {} : { spec: body["spec"] }),
    status,
  });
  switch (resource.resource) {
    case "tokenreviews": {
      const found = access.userOf(textAt(body, "spec", "token"));
      return answer(
        found === undefined
          ? { user: {}, error: "invalid bearer token" }
          : { authenticated: true, user: { username: found.name, groups: [...found.groups] } },
      );
    }
    case "selfsubjectreviews":
      return answer({
        userInfo: {
          username: user.name,
          groups: [...user.groups],
          ...(user.uid === undefined ? {} : { uid: user.uid }),
          ...(user.extra === undefined ? {} : { extra: structuredClone(user.extra) as JsonObject }),
        },
      });
    case "selfsubjectaccessreviews":
      return answer({ allowed: access.isAllowed(user, attributesOf(body)) });
    case "subjectaccessreviews":
    case "localsubjectaccessreviews": {
      const subject = {
        name: textAt(body, "spec", "user"),
        groups: textsAt(body, "spec", "groups"),
      };
      return answer({ allowed: access.isAllowed(subject, attributesOf(body)) });
    }
    default:
      throw noSuchResource();
  }
}

/** Answers `serviceaccounts/{name}/token`, and makes the token valid. */
export function requestToken(
  world: World,
  access: Access,
  { ref, body }: { readonly ref: ObjectRef; readonly body: JsonObject },
): JsonObject {
  existing(world, ref);
  const { namespace, name } = ref;
  const seconds = at(body, "spec", "expirationSeconds");
  const expirationSeconds = typeof seconds === "number" ? seconds : 3600;
  const token = `fake.${crypto.randomUUID()}.${namespace}.${name}`;
  access.addUser(token, {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`],
  });
  const expires = new Date(world.now().getTime() + expirationSeconds * 1000);
  return {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { name, namespace, creationTimestamp: timestamp(world) },
    spec: { audiences: ["https://kubernetes.default.svc"], expirationSeconds },
    status: { token, expirationTimestamp: timestamp({ now: () => expires }) },
  };
}

function attributesOf(body: JsonObject): Attributes {
  const asked = at(body, "spec", "resourceAttributes");
  const path = at(body, "spec", "nonResourceAttributes");
  if (isObject(asked) === isObject(path)) {
    throw invalid({
      kind: "",
      group: "authorization.k8s.io",
      causes: [{
        reason: "FieldValueInvalid",
        message: "Invalid value: null: exactly one of nonResourceAttributes or " +
          "resourceAttributes must be specified",
        field: "spec.resourceAttributes",
      }],
    });
  }
  const attributes = objectAt(body, "spec", "resourceAttributes");
  const subresource = textAt(attributes, "subresource");
  return {
    verb: textAt(attributes, "verb") || textAt(path, "verb"),
    group: textAt(attributes, "group"),
    resource: textAt(attributes, "resource") + (subresource === "" ? "" : `/${subresource}`),
    namespace: textAt(attributes, "namespace"),
    name: textAt(attributes, "name"),
    path: textAt(path, "path"),
  };
}
