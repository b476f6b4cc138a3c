import type { HoldPolicy } from "../../hold/index.ts";
import { assertNever } from "../../kernel/index.ts";
import type { RemoveStep } from "../plan/step.ts";

/** Things whose removals are held together. The word is the hold's name: part of ids and metrics. */
export const REMOVAL_KINDS = ["alb-targets", "alb-certificates", "alb-listeners", "alb-ingress-rules", "alb-load-balancers"] as const;

export type RemovalKind = (typeof REMOVAL_KINDS)[number];

export function kindOf({ type }: RemoveStep): RemovalKind {
  switch (type) {
    case "deregister-targets":
    // It takes no target away, and until it is done no instance can be started.
    case "detach-gone-target-group":
      return "alb-targets";
    case "remove-certificates":
    case "replace-default-certificate":
      return "alb-certificates";
    case "delete-listener":
      return "alb-listeners";
    case "revoke-ingress":
      return "alb-ingress-rules";
    case "detach-auto-scaling-group":
    case "delete-load-balancer":
    case "delete-target-group":
    case "delete-security-group":
      return "alb-load-balancers";
    default:
      return assertNever(type);
  }
}

export type RemovalPolicies = Readonly<Record<RemovalKind, Partial<HoldPolicy>>>;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * How long removals are held. A target that stays too long costs a health check, as the load balancer sends it nothing; a certificate or a load
 * balancer that stays costs money; each of them that goes too early is an outage.
 */
export const REMOVAL_POLICIES: RemovalPolicies = Object.freeze({
  "alb-targets": {
    small: { confirmations: 2, holdMs: 30_000 },
    large: { confirmations: 5, holdMs: 10 * MINUTE_MS },
    rewound: { confirmations: 10, holdMs: HOUR_MS },
    missingBudget: { count: 3, share: 0.25, windowMs: 5 * MINUTE_MS },
  },
  "alb-certificates": {
    small: { confirmations: 3, holdMs: 2 * HOUR_MS },
    large: { confirmations: 6, holdMs: 12 * HOUR_MS },
    rewound: { confirmations: 10, holdMs: DAY_MS },
    missingBudget: { count: 3, share: 0.1, windowMs: DAY_MS },
  },
  "alb-listeners": {
    small: { confirmations: 3, holdMs: HOUR_MS },
    large: { confirmations: 6, holdMs: 12 * HOUR_MS },
    rewound: { confirmations: 10, holdMs: DAY_MS },
    missingBudget: { count: 2, share: 0.1, windowMs: DAY_MS },
  },
  "alb-ingress-rules": {
    small: { confirmations: 3, holdMs: HOUR_MS },
    large: { confirmations: 6, holdMs: 12 * HOUR_MS },
    rewound: { confirmations: 10, holdMs: DAY_MS },
    missingBudget: { count: 5, share: 0.25, windowMs: DAY_MS },
  },
  "alb-load-balancers": {
    small: { confirmations: 4, holdMs: 3 * HOUR_MS },
    large: { confirmations: 8, holdMs: 12 * HOUR_MS },
    rewound: { confirmations: 12, holdMs: DAY_MS },
    // Of one load balancer with its target group, its security group, and an Auto Scaling group or two.
    missingBudget: { count: 5, share: 0.1, windowMs: DAY_MS },
  },
});
