import type { DataPlaneOptions } from "./data-plane/options.ts";

/** What the lab's AWS is as a process of the lab: an account, what it holds at first, and how fast things go. Times are milliseconds. */
export interface LabAwsConfig {
  /** Where the endpoint of all services listens. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly control: { readonly host: string; readonly port: number; readonly token: string };
  /** Where the account is kept; what is there counts more than what this says it holds at first. In memory alone without it. */
  readonly stateFile: string | undefined;
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  readonly keys: readonly KeyConfig[];
  readonly network: NetworkConfig;
  readonly autoScalingGroups: readonly AutoScalingGroupConfig[];
  readonly timing: TimingConfig;
  /** Whether calls take tokens as on AWS. */
  readonly isThrottled: boolean;
  /** What serves its load balancers; without it their targets stay `initial`. */
  readonly dataPlane?: DataPlaneOptions | undefined;
}

/** A long-lived access key of a user. */
export interface KeyConfig {
  readonly id: string;
  readonly secret: string;
  /** Its name: `arn:aws:iam::ACCOUNT:user/NAME` signs. */
  readonly user: string;
}

type Tags = Readonly<Record<string, string>>;

export interface NetworkConfig {
  readonly vpc: { readonly id: string; readonly cidr: string; readonly tags: Tags };
  readonly subnets: readonly SubnetConfig[];
  readonly securityGroups: readonly SecurityGroupConfig[];
}

export interface SubnetConfig {
  readonly id: string;
  readonly zone: string;
  /** Its instances get addresses of it in turn, from the fifth on. */
  readonly cidr: string;
  readonly isPublic: boolean;
  readonly tags: Tags;
}

export interface SecurityGroupConfig {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly tags: Tags;
}

export interface AutoScalingGroupConfig {
  readonly name: string;
  readonly minSize: number;
  readonly maxSize: number;
  readonly desiredCapacity: number;
  readonly subnets: readonly string[];
  /** `EC2` alone, or `ELB` too: then it terminates what a load balancer calls unhealthy. */
  readonly healthCheckType: "EC2" | "ELB";
  readonly healthCheckGraceSeconds: number;
  readonly imageId: string;
  readonly instanceType: string;
  readonly securityGroups: readonly string[];
  /** Its instances have them, too. */
  readonly tags: Tags;
}

export interface TimingConfig {
  /** How long instances boot, stop and end. */
  readonly bootMs: number;
  readonly stopMs: number;
  readonly terminateMs: number;
  /** How long a load balancer is `provisioning`. */
  readonly provisioningMs: number;
  /** How long a certificate that was requested is `PENDING_VALIDATION`. */
  readonly validationMs?: number;
  /** How long a target group that was attached to an Auto Scaling group is `Adding`. */
  readonly attachMs: number;
  /** How old what reads answer is: the eventual consistency of Describe. */
  readonly apiDelayMs: number;
  /** How often what only takes time is looked at. */
  readonly advanceEveryMs: number;
}
