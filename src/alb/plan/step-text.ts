import type { HealthCheck, Target } from "../../aws/index.ts";
import { assertNever } from "../../kernel/index.ts";
import { valueOf } from "../evidence.ts";
import type { ObservedStack } from "./observed.ts";
import type { WantedListener } from "./resolved.ts";
import type { IngressRule, Step } from "./step.ts";

/** What makes a step readable. */
export interface StepWords {
  /** What certificates are for, by ARN. */
  readonly certificates: ReadonlyMap<string, readonly string[]>;
  /** What is there now, to say what a change is from. */
  readonly stack?: ObservedStack;
}

/** More are counted. */
const MOST_NAMED = 10;

/** A step in one line, without its sign. */
export function stepText(step: Step, words: StepWords): string {
  const certificate = (arn: string): string => certificateText(arn, words);
  const certificates = (arns: readonly string[]): string => `certificate${arns.length === 1 ? "" : "s"} ${listText(arns.map(certificate))}`;
  switch (step.type) {
    case "create-security-group":
      return `security group in ${step.vpcId}`;
    case "authorize-ingress":
    case "revoke-ingress":
      return `security group: lets in ${rulesText(step.rules)}`;
    case "create-target-group": {
      const { protocol, port, healthCheck } = step.group;
      return `target group of type ${step.kind.targetType}, ${protocol} port ${port}, health check ${healthText(healthCheck)}`;
    }
    case "create-load-balancer": {
      const groups = step.securityGroups === "own" ? "a security group of its own" : `security groups ${listText(step.securityGroups)}`;
      const { type, scheme } = step.kind;
      return `load balancer of type ${type}, ${scheme}, ${step.ipAddressType}, in ${listText(step.subnets)}, with ${groups}`;
    }
    case "create-listener":
      return listenerText(step.listener, words);
    case "modify-listener":
      return `${listenerText(step.listener, words)}${wasListener(step.listener.port, words)}`;
    case "deny-hosts":
      return `port ${step.port}: requests for ${listText(step.denial.hosts)} are answered ${step.denial.status}`;
    case "add-certificates":
    case "remove-certificates":
      return `port ${step.port}: ${certificates(step.arns)}`;
    case "replace-default-certificate":
      return `port ${step.port}: default ${certificates([step.arn])}, replaced by ${certificate(step.by)}`;
    case "attach-auto-scaling-group":
    case "detach-auto-scaling-group":
      return `targets: the instances of Auto Scaling group ${step.group}`;
    case "detach-gone-target-group":
      return `Auto Scaling group ${step.group}: ${step.arn}, which is gone`;
    case "register-targets":
    case "deregister-targets":
      return `targets: ${listText(step.targets.map(targetText))}`;
    case "modify-target-group":
      return `health check ${healthText(step.healthCheck)}${wasHealth(step.healthCheck, words)}`;
    case "set-load-balancer-attributes":
      return `load balancer: ${mapText(step.attributes, valueOfPart(words.stack?.loadBalancer)?.attributes)}`;
    case "set-target-group-attributes":
      return `target group: ${mapText(step.attributes, valueOfPart(words.stack?.targetGroup)?.attributes)}`;
    case "set-subnets":
      return `subnets ${listText(step.subnets)}${was(valueOfPart(words.stack?.loadBalancer)?.subnets.map(({ id }) => id))}`;
    case "set-ip-address-type":
      return `IP address type ${step.ipAddressType}${was(valueOfPart(words.stack?.loadBalancer)?.ipAddressType)}`;
    case "set-security-groups": {
      const groups = step.securityGroups === "own" ? "one of its own" : listText(step.securityGroups);
      return `security groups: ${groups}${was(valueOfPart(words.stack?.loadBalancer)?.securityGroups)}`;
    }
    case "set-web-acl":
      return `web ACL ${step.webAcl}${was(valueOfPart(valueOfPart(words.stack?.loadBalancer)?.webAcl))}`;
    case "tag":
      return `tags of the ${step.what.replace("-", " ")}: ${mapText(step.tags, tagsOf(step.what, words.stack))}`;
    case "delete-listener":
      return `listener on port ${step.port}`;
    case "delete-load-balancer":
      return "load balancer";
    case "delete-target-group":
      return "target group";
    case "delete-security-group":
      return "security group";
    default:
      return assertNever(step);
  }
}

function listenerText({ port, protocol, sslPolicy, certificates, action }: WantedListener, words: StepWords): string {
  const does = action.type === "forward" ? "forwards to its target group" : `redirects to port ${action.toPort}`;
  const policy = sslPolicy === undefined ? "" : `, ${sslPolicy}`;
  const [first] = certificates;
  return `port ${port}: ${protocol} ${does}${policy}${first === undefined ? "" : `, default certificate ${certificateText(first, words)}`}`;
}

function wasListener(port: number, { stack }: StepWords): string {
  const known = valueOfPart(stack?.loadBalancer)?.listeners.find((listener) => listener.port === port);
  if (known === undefined) return "";
  const policy = known.sslPolicy === undefined ? "" : `, ${known.sslPolicy}`;
  return ` (was ${known.protocol} ${known.defaultActions.map(({ type }) => type).join(", ")}${policy})`;
}

/** By the names it is for; AWS shows people the last part of its ARN. */
function certificateText(arn: string, { certificates }: StepWords): string {
  const names = certificates.get(arn);
  const id = arn.slice(arn.lastIndexOf("/") + 1);
  return names === undefined || names.length === 0 ? id : `${listText(names, 3)} (${id})`;
}

function healthText({ protocol, port, path, intervalSeconds, healthyThreshold, unhealthyThreshold, matcher }: HealthCheck): string {
  const expected = matcher === undefined ? "" : `, expects ${matcher}`;
  return `${protocol} :${port}${path ?? ""} every ${intervalSeconds} s${expected}, ${healthyThreshold} to be healthy, ${unhealthyThreshold} to be unhealthy`;
}

function wasHealth(wanted: HealthCheck, { stack }: StepWords): string {
  const known = valueOfPart(stack?.targetGroup)?.healthCheck;
  if (known === undefined) return "";
  const differing = (Object.keys(wanted) as (keyof HealthCheck)[]).filter((key) => wanted[key] !== undefined && wanted[key] !== known[key]);
  return ` (was ${differing.map((key) => `${key} ${known[key] ?? "none"}`).join(", ")})`;
}

function mapText(wanted: ReadonlyMap<string, string>, known: ReadonlyMap<string, string> | undefined): string {
  return [...wanted].map(([key, value]) => `${key}=${value}${was(known?.get(key))}`).join(", ");
}

function rulesText(rules: readonly IngressRule[]): string {
  return listText(rules.map(({ cidr, fromPort, toPort }) => `${cidr} to port ${fromPort === toPort ? fromPort : `${fromPort}-${toPort}`}`));
}

function targetText({ id, port }: Target): string {
  return `${id}:${port}`;
}

function listText(entries: readonly string[], most = MOST_NAMED): string {
  const more = entries.length - most;
  return more > 0 ? `${entries.slice(0, most).join(", ")} and ${more} more` : entries.join(", ");
}

function was(value: string | readonly string[] | undefined): string {
  if (value === undefined) return "";
  return ` (was ${typeof value === "string" ? value : listText(value)})`;
}

function valueOfPart<T>(evidence: Parameters<typeof valueOf<T | undefined>>[0] | undefined): T | undefined {
  return evidence === undefined ? undefined : valueOf(evidence);
}

function tagsOf(
  what: Extract<Step, { readonly type: "tag" }>["what"],
  stack: ObservedStack | undefined,
): ReadonlyMap<string, string> | undefined {
  const parts = { "load-balancer": stack?.loadBalancer, "target-group": stack?.targetGroup, "security-group": stack?.securityGroup };
  const evidence = parts[what];
  return evidence === undefined || evidence.state === "unknown" ? undefined : evidence.value?.tags;
}
