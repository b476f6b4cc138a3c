import type { StepContext } from "../apply/step-context.ts";
import type { Certificate } from "../model/certificate-choice.ts";
import type { Observed } from "../plan/observed.ts";
import type { ResolvedLoadBalancer } from "../plan/resolved.ts";
import type { CertificateNow } from "./certificate-proof.ts";
import type { HealthyCounts } from "./target-floor.ts";
import type { UnlistedOwner } from "./unlisted-owners.ts";

/** What is known of everything when removals are carried out. */
export interface RemovalKnowledge {
  readonly observed: Observed;
  /** By name. A load balancer that is desired and could not be resolved is in `desired` alone. */
  readonly resolved: ReadonlyMap<string, ResolvedLoadBalancer>;
  /** Names of the load balancers that should be. */
  readonly desired: ReadonlySet<string>;
  /** Hosts of the objects that each load balancer serves, by its name. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  /** Certificates that can be used now, by ARN. */
  readonly certificates: ReadonlyMap<string, Certificate>;
}

/** One removal as it is carried out. */
export interface RemovalContext extends StepContext {
  readonly knowledge: RemovalKnowledge;
  readonly healthy: HealthyCounts;
  /** Asks for one certificate by its ARN. */
  readonly certificateNow: (arn: string) => Promise<CertificateNow>;
  /** Objects that the lists lack and that the load balancer serves all the same. Asks for each by its name, so it comes last of all proof. */
  readonly unlistedOwners: () => Promise<readonly UnlistedOwner[]>;
  /** Whether a person said that it may go: then proof that only doubts what would be lost is not asked for. Ownership always is. */
  readonly isApproved: (key: string) => boolean;
}

/** What became of a removal. `waits`: not now, and why. */
export type RemovalOutcome = { readonly state: "done" } | { readonly state: "waits"; readonly why: string };

export const DONE: RemovalOutcome = Object.freeze({ state: "done" });

export function waits(why: string): RemovalOutcome {
  return { state: "waits", why };
}
