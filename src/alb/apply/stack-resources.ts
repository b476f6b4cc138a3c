import { AppError } from "../../kernel/index.ts";
import { valueOf } from "../evidence.ts";
import type { ObservedStack } from "../plan/observed.ts";

/** What the parts of a stack are called at AWS: as observed, and as made meanwhile. */
export class StackResources {
  readonly name: string;
  loadBalancerArn: string | undefined;
  targetGroupArn: string | undefined;
  securityGroupId: string | undefined;
  readonly listenerArns: Map<number, string>;

  constructor(name: string, observed: ObservedStack | undefined) {
    this.name = name;
    const loadBalancer = observed === undefined ? undefined : valueOf(observed.loadBalancer);
    this.loadBalancerArn = loadBalancer?.arn;
    this.targetGroupArn = observed === undefined ? undefined : valueOf(observed.targetGroup)?.arn;
    this.securityGroupId = observed === undefined ? undefined : valueOf(observed.securityGroup)?.id;
    this.listenerArns = new Map((loadBalancer?.listeners ?? []).map(({ port, arn }) => [port, arn]));
  }

  /** Each of these throws AppError `ALB_WAITS` when it is not there (yet). */
  needLoadBalancer(): string {
    return this.loadBalancerArn ?? waits(this.name, "its load balancer");
  }

  needTargetGroup(): string {
    return this.targetGroupArn ?? waits(this.name, "its target group");
  }

  needSecurityGroup(): string {
    return this.securityGroupId ?? waits(this.name, "its security group");
  }

  needListener(port: number): string {
    return this.listenerArns.get(port) ?? waits(this.name, `its listener on port ${port}`);
  }
}

function waits(name: string, forWhat: string): never {
  throw new AppError("ALB_WAITS", `${name} waits for ${forWhat}, which is not there yet`);
}
