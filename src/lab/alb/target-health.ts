import { assertNever } from "../../kernel/index.ts";

/**
 * The state of one target, as DescribeTargetHealth tells it (page "Health checks for Application Load Balancer target groups"):
 *
 * ```
 *  registered ─▶ initial/RegistrationInProgress ─check begins─▶ initial/InitialHealthChecking
 *  initial ─1 pass─▶ healthy          initial ─unhealthyThreshold failures─▶ unhealthy
 *  healthy ─unhealthyThreshold failures─▶ unhealthy ─healthyThreshold passes─▶ healthy
 *  any ─deregistered─▶ draining ─registered─▶ initial
 *  any but draining ─no rule forwards to the group, or zone not enabled─▶ unused/NotInUse ─in use─▶ initial
 * ```
 * A draining target that ran out of its delay is no state: it leaves the list.
 */
export type TargetHealth =
  | { readonly state: "initial"; readonly reason: "Elb.RegistrationInProgress" | "Elb.InitialHealthChecking"; readonly failures: number }
  | { readonly state: "healthy"; readonly failures: number }
  | { readonly state: "unhealthy"; readonly reason: FailureReason; readonly description: string; readonly passes: number }
  | { readonly state: "draining"; readonly reason: "Target.DeregistrationInProgress" }
  | { readonly state: "unused"; readonly reason: "Target.NotInUse" };

export type FailureReason = "Target.ResponseCodeMismatch" | "Target.Timeout" | "Target.FailedHealthChecks";

export type HealthEvent =
  | { readonly type: "check-began" }
  | { readonly type: "check-passed" }
  | { readonly type: "check-failed"; readonly reason: FailureReason; readonly description: string }
  | { readonly type: "registered" }
  | { readonly type: "deregistered" }
  | { readonly type: "taken-in-use" }
  | { readonly type: "taken-out-of-use" };

export interface HealthThresholds {
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

/** The state of a target at the moment it is registered. */
export const registeredHealth: TargetHealth = { state: "initial", reason: "Elb.RegistrationInProgress", failures: 0 };

/** What `health` becomes by `event`; the very same object when the event means nothing in that state. */
export function nextHealth(health: TargetHealth, event: HealthEvent, thresholds: HealthThresholds): TargetHealth {
  switch (event.type) {
    case "registered":
      return health.state === "draining" ? registeredHealth : health;
    case "deregistered":
      return health.state === "draining" ? health : { state: "draining", reason: "Target.DeregistrationInProgress" };
    case "taken-out-of-use":
      return health.state === "draining" || health.state === "unused" ? health : { state: "unused", reason: "Target.NotInUse" };
    case "taken-in-use":
      return health.state === "unused" ? registeredHealth : health;
    case "check-began":
      return health === registeredHealth ? { state: "initial", reason: "Elb.InitialHealthChecking", failures: 0 } : health;
    case "check-passed":
      return afterPass(health, thresholds);
    case "check-failed":
      return afterFailure(health, event, thresholds);
    default:
      return assertNever(event);
  }
}

function afterPass(health: TargetHealth, thresholds: HealthThresholds): TargetHealth {
  switch (health.state) {
    case "initial":
      return { state: "healthy", failures: 0 };
    case "healthy":
      return health.failures === 0 ? health : { state: "healthy", failures: 0 };
    case "unhealthy":
      return health.passes + 1 >= thresholds.healthyThreshold
        ? { state: "healthy", failures: 0 }
        : { ...health, passes: health.passes + 1 };
    case "draining":
    case "unused":
      return health;
    default:
      return assertNever(health);
  }
}

function afterFailure(
  health: TargetHealth,
  failure: { readonly reason: FailureReason; readonly description: string },
  thresholds: HealthThresholds,
): TargetHealth {
  switch (health.state) {
    case "initial":
    case "healthy":
      return health.failures + 1 >= thresholds.unhealthyThreshold
        ? { state: "unhealthy", reason: failure.reason, description: failure.description, passes: 0 }
        : { ...health, failures: health.failures + 1 };
    case "unhealthy":
      return { state: "unhealthy", reason: failure.reason, description: failure.description, passes: 0 };
    case "draining":
    case "unused":
      return health;
    default:
      return assertNever(health);
  }
}
