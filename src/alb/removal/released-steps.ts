import { assertNever } from "../../kernel/index.ts";
import { type RemoveStep, removedKeys } from "../plan/step.ts";

/** A step with only those of its things that pass; undefined when none does. */
export function onlyKeys(step: RemoveStep, passes: (key: string) => boolean): RemoveStep | undefined {
  switch (step.type) {
    case "remove-certificates": {
      const arns = step.arns.filter((arn) => allPass({ ...step, arns: [arn] }, passes));
      return arns.length === 0 ? undefined : { ...step, arns };
    }
    case "deregister-targets": {
      const targets = step.targets.filter((target) => allPass({ ...step, targets: [target] }, passes));
      return targets.length === 0 ? undefined : { ...step, targets };
    }
    case "revoke-ingress": {
      const rules = step.rules.filter((rule) => allPass({ ...step, rules: [rule] }, passes));
      return rules.length === 0 ? undefined : { ...step, rules };
    }
    case "replace-default-certificate":
    case "detach-auto-scaling-group":
    case "detach-gone-target-group":
    case "delete-listener":
    case "delete-load-balancer":
    case "delete-target-group":
    case "delete-security-group":
      return allPass(step, passes) ? step : undefined;
    default:
      return assertNever(step);
  }
}

function allPass(step: RemoveStep, passes: (key: string) => boolean): boolean {
  return removedKeys(step).every(passes);
}
