import type { HealthCheck, Target } from "../../aws/index.ts";
import { assertNever } from "../../kernel/index.ts";
import type { LoadBalancerKind } from "../model/claim.ts";
import type { Denial } from "../settings.ts";
import type { WantedListener, WantedTargetGroup } from "./resolved.ts";

/**
 * One call of AWS, or a few that belong together. Resources are named by what they are to us (tag `holdfast.dev/resource`), because their ARNs may
 * not be known when the plan is made. `add` makes more serve, `change` changes how, `remove` makes less serve: it needs the hold's word.
 */
export type Step = AddStep | ChangeStep | RemoveStep;

interface Named {
  /** Of the load balancer that should be. */
  readonly name: string;
}

export type AddStep = Named & { readonly effect: "add" } & (
    | { readonly type: "create-security-group"; readonly vpcId: string; readonly tags: ReadonlyMap<string, string> }
    | { readonly type: "authorize-ingress"; readonly rules: readonly IngressRule[] }
    | {
        readonly type: "create-target-group";
        readonly kind: LoadBalancerKind;
        readonly group: WantedTargetGroup;
        readonly tags: ReadonlyMap<string, string>;
      }
    | {
        readonly type: "create-load-balancer";
        readonly kind: LoadBalancerKind;
        readonly ipAddressType: "ipv4" | "dualstack";
        readonly subnets: readonly string[];
        /** `own` is the security group of ours that is named after it. */
        readonly securityGroups: readonly string[] | "own";
        readonly tags: ReadonlyMap<string, string>;
      }
    /** With the first of its certificates, its default one; `add-certificates` adds the others. */
    | { readonly type: "create-listener"; readonly listener: WantedListener; readonly tags: ReadonlyMap<string, string> }
    | { readonly type: "add-certificates"; readonly port: number; readonly arns: readonly string[] }
    | { readonly type: "attach-auto-scaling-group"; readonly group: string }
    | { readonly type: "register-targets"; readonly targets: readonly Target[] }
  );

export type ChangeStep = Named & { readonly effect: "change" } &
  /** Its first certificate is the default one that it has. */
  (
    | { readonly type: "modify-listener"; readonly listener: WantedListener }
    /** A rule before what the listener does: made, or changed. */
    | { readonly type: "deny-hosts"; readonly port: number; readonly denial: Denial; readonly tags: ReadonlyMap<string, string> }
    | { readonly type: "modify-target-group"; readonly healthCheck: HealthCheck }
    | { readonly type: "set-load-balancer-attributes"; readonly attributes: ReadonlyMap<string, string> }
    | { readonly type: "set-target-group-attributes"; readonly attributes: ReadonlyMap<string, string> }
    | { readonly type: "set-subnets"; readonly subnets: readonly string[] }
    | { readonly type: "set-ip-address-type"; readonly ipAddressType: "ipv4" | "dualstack" }
    | { readonly type: "set-security-groups"; readonly securityGroups: readonly string[] | "own" }
    /** An ARN, or `none`. */
    | { readonly type: "set-web-acl"; readonly webAcl: string }
    | {
        readonly type: "tag";
        readonly what: "load-balancer" | "target-group" | "security-group";
        readonly tags: ReadonlyMap<string, string>;
      }
  );

export type RemoveStep = Named & { readonly effect: "remove" } &
  /** Never the default one. */
  (
    | { readonly type: "remove-certificates"; readonly port: number; readonly arns: readonly string[] }
    /** `arn` is the default one, and goes by being replaced (ModifyListener) by `by`, which is on the listener. */
    | { readonly type: "replace-default-certificate"; readonly port: number; readonly arn: string; readonly by: string }
    | { readonly type: "deregister-targets"; readonly targets: readonly Target[] }
    | { readonly type: "detach-auto-scaling-group"; readonly group: string }
    /** One of this name that is gone, as there is another one. */
    | { readonly type: "detach-gone-target-group"; readonly group: string; readonly arn: string }
    | { readonly type: "revoke-ingress"; readonly rules: readonly IngressRule[] }
    | { readonly type: "delete-listener"; readonly port: number }
    | { readonly type: "delete-load-balancer" }
    | { readonly type: "delete-target-group" }
    | { readonly type: "delete-security-group" }
  );

/** Who may come in, to which ports. */
export interface IngressRule {
  readonly cidr: string;
  readonly fromPort: number;
  readonly toPort: number;
}

/** What a step takes away, one key for each thing: what the hold is asked about. */
export function removedKeys(step: RemoveStep): readonly string[] {
  const { name } = step;
  switch (step.type) {
    case "remove-certificates":
      return step.arns.map((arn) => `${name} port ${step.port} certificate ${arn}`);
    case "replace-default-certificate":
      return [`${name} port ${step.port} certificate ${step.arn}`];
    case "deregister-targets":
      return step.targets.map(({ id, port }) => `${name} target ${id}:${port}`);
    case "detach-auto-scaling-group":
      return [`${name} Auto Scaling group ${step.group}`];
    case "detach-gone-target-group":
      return [`${name} Auto Scaling group ${step.group} target group ${step.arn}`];
    case "revoke-ingress":
      return step.rules.map(({ cidr, fromPort, toPort }) => `${name} ingress ${cidr} ${fromPort}-${toPort}`);
    case "delete-listener":
      return [`${name} listener ${step.port}`];
    case "delete-load-balancer":
      return [`${name} load balancer`];
    case "delete-target-group":
      return [`${name} target group`];
    case "delete-security-group":
      return [`${name} security group`];
    default:
      return assertNever(step);
  }
}
