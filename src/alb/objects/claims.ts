import { readClasses } from "../../ingress/index.ts";
import { messageOf } from "../../kernel/index.ts";
import type { KubeObject } from "../../kube/index.ts";
import { type Claim, type ClaimProblem, ownerKey } from "../model/claim.ts";
import type { ClaimOptions } from "./claim-options.ts";
import { isServed, readClaim } from "./to-claim.ts";

/** The objects that claims are read from, each kind by key. */
export interface ClaimWorld {
  readonly ingresses: ReadonlyMap<string, KubeObject>;
  readonly routeGroups: ReadonlyMap<string, KubeObject>;
  readonly ingressClasses: ReadonlyMap<string, KubeObject>;
}

export interface ReadClaims {
  readonly claims: readonly Claim[];
  readonly problems: readonly ClaimProblem[];
}

/** What all objects that are the controller's ask for. One that cannot be read is told, and costs the others nothing. */
export function claimsOf({ ingresses, routeGroups, ingressClasses }: ClaimWorld, options: ClaimOptions): ReadClaims {
  const classes = readClasses(ingressClasses, () => {});
  const claims: Claim[] = [];
  const problems: ClaimProblem[] = [];
  for (const [kind, objects] of [
    ["Ingress", ingresses],
    ["RouteGroup", routeGroups],
  ] as const) {
    for (const object of objects.values()) {
      try {
        if (!isServed(object, classes, options)) continue;
        const { claim, notes } = readClaim(object, options);
        if (claim !== undefined) claims.push(claim);
        problems.push(...notes);
      } catch (error) {
        const { namespace = "default", name } = object.metadata;
        problems.push({ owner: ownerKey({ kind, namespace, name }), reason: INVALID, message: messageOf(error) });
      }
    }
  }
  return { claims, problems };
}

/** The reason of an Event about an object that cannot be read as it is. */
export const INVALID = "Invalid";
