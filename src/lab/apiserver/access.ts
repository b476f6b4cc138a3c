import type { TokenEntry } from "./config.ts";
import type { User } from "./core.ts";
import { type Json, type JsonObject, objectAt, stringAt } from "./json.ts";

/** What somebody wants to do, in the words of Kubernetes authorisation. */
export interface Attempt {
  readonly verb: string;
  readonly group: string;
  readonly plural: string;
}

const READS = new Set(["get", "list", "watch"]);

/** Who bears a token; undefined for none or an unknown one. */
export function createAuthenticator(tokens: readonly TokenEntry[]): (authorization: string | undefined) => User | undefined {
  const users = new Map(tokens.map(({ token, user, groups }) => [token, { name: user, groups: [...groups, "system:authenticated"] }]));
  return (authorization) => {
    const match = /^Bearer +(\S+)$/i.exec(authorization ?? "");
    return match === null ? undefined : users.get(match[1] ?? "");
  };
}

/** The lab's whole policy: `system:masters` may do all, everybody else may read all, report events and ask what they may. */
export function isAllowed(user: User, { verb, group, plural }: Attempt): boolean {
  if (user.groups.includes("system:masters") || READS.has(verb)) return true;
  return (
    verb === "create" &&
    ((plural === "events" && group === "") || (plural === "selfsubjectaccessreviews" && group === "authorization.k8s.io"))
  );
}

/** Answers a SelfSubjectAccessReview, which is what `kubectl auth can-i` asks. */
export function reviewAccess(user: User, review: Json | undefined): JsonObject {
  const attributes = objectAt(review, "spec", "resourceAttributes");
  const subresource = stringAt(attributes, "subresource") ?? "";
  const resource = stringAt(attributes, "resource") ?? "";
  const plural = subresource === "" ? resource : `${resource}/${subresource}`;
  // Paths outside the kinds are for everybody to read.
  const allowed =
    attributes === undefined
      ? stringAt(review, "spec", "nonResourceAttributes", "verb") === "get"
      : isAllowed(user, { verb: stringAt(attributes, "verb") ?? "", group: stringAt(attributes, "group") ?? "", plural });
  return {
    kind: "SelfSubjectAccessReview",
    apiVersion: "authorization.k8s.io/v1",
    metadata: {},
    spec: objectAt(review, "spec") ?? {},
    status: { allowed },
  };
}
