import { AppError, messageOf } from "../../kernel/index.ts";
import type { Step } from "../plan/step.ts";

/** Why a step was not done, for the log and for Events on the objects it is for. */
export interface StepProblem {
  /** Of the load balancer. */
  readonly name: string;
  readonly step: Step["type"];
  /** A code of docs/reference/errors, or `UNKNOWN`. */
  readonly code: string;
  /** A word in CamelCase for the Event: `QuotaExceeded`. */
  readonly reason: string;
  /** What is wrong, where, and how to mend it. */
  readonly message: string;
  /** Whether it passes without anybody doing something; then it is no matter of the objects. */
  readonly passes: boolean;
}

/** What the service quotas of Elastic Load Balancing and Amazon VPC that a step can meet are called there. */
const QUOTAS: Partial<Record<Step["type"], string>> = {
  "create-load-balancer": "Application (or Network) Load Balancers per Region",
  "create-target-group": "Target Groups per Region",
  "create-listener": "Listeners per Application (or Network) Load Balancer",
  "add-certificates": "Certificates per Application (or Network) Load Balancer",
  "register-targets": "Targets per Target Group per Region",
  "create-security-group": "VPC security groups per Region",
  "authorize-ingress": "Inbound or outbound rules per security group",
  "set-security-groups": "Security groups per network interface",
  "attach-auto-scaling-group": "Target groups per Auto Scaling group",
};

/** What the failure of a step means to people. `action` is the call that failed, as IAM names it. */
export function stepProblem(step: Step, action: string | undefined, error: unknown): StepProblem {
  const { name, type } = step;
  const code = error instanceof AppError ? error.code : "UNKNOWN";
  const said = messageOf(error);
  const problem = (reason: string, message: string, passes = false): StepProblem => ({ name, step: type, code, reason, message, passes });
  switch (code) {
    case "AWS_DENIED":
      return problem(
        "MissingPermission",
        `${name}: AWS does not let the controller call ${action ?? type}; allow this action in its IAM policy (${said})`,
      );
    case "AWS_QUOTA":
      return problem(
        "QuotaExceeded",
        `${name}: a quota of the account is used up${QUOTAS[type] === undefined ? "" : ` ("${QUOTAS[type]}")`}; ask for more in Service Quotas, or delete what nobody uses (${said})`,
      );
    case "AWS_NOT_FOUND":
      return hasCertificates(step)
        ? problem(
            "CertificateNotFound",
            `${name}: AWS does not know a certificate that its listener should have; look at the ARNs (${said})`,
          )
        : problem("NotFound", `${name}: something that ${type} needs is not there; it is looked for again (${said})`, true);
    case "AWS_EXISTS":
      return problem(
        "NameTaken",
        `${name}: the name is taken by something with other settings; delete that, or change --cluster-id (${said})`,
      );
    case "ALB_NOT_OURS":
      return problem("NotOurs", said);
    case "AWS_REFUSED":
      return problem("Refused", `${name}: AWS refused ${action ?? type}; change what the objects ask for (${said})`);
    case "AWS_CREDENTIALS":
      return problem("Credentials", `${name}: AWS does not accept the controller's credentials; look at its role (${said})`);
    default:
      return problem("NotDone", `${name}: ${type} was not done and is tried again (${said})`, true);
  }
}

function hasCertificates(step: Step): boolean {
  return step.type === "add-certificates" || (step.type === "create-listener" && step.listener.certificates.length > 0);
}
