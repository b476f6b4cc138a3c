/** What the account holds of EC2, in the words of its API reference. */

export interface VpcRecord {
  readonly id: string;
  readonly cidr: string;
}

export interface SubnetRecord {
  readonly id: string;
  readonly vpcId: string;
  readonly zone: string;
  readonly cidr: string;
  /** Whether its route table leads to an internet gateway. */
  readonly isPublic: boolean;
}

export interface SecurityGroupRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly vpcId: string;
  readonly ingress: readonly SecurityGroupRule[];
}

/** What may come in: from one source, to a range of ports. */
export interface SecurityGroupRule {
  readonly id: string;
  /** `tcp`, `udp`, `icmp`, or `-1` for all of them. */
  readonly protocol: string;
  readonly fromPort: number | undefined;
  readonly toPort: number | undefined;
  readonly source: SecurityGroupSource;
  readonly description: string | undefined;
}

export type SecurityGroupSource =
  | { readonly kind: "ipv4"; readonly cidr: string }
  | { readonly kind: "ipv6"; readonly cidr: string }
  | { readonly kind: "prefix-list"; readonly id: string }
  | { readonly kind: "group"; readonly id: string };

export type InstanceState = "pending" | "running" | "stopping" | "stopped" | "shutting-down" | "terminated";

export interface InstanceRecord {
  readonly id: string;
  readonly subnetId: string;
  readonly zone: string;
  readonly privateIp: string;
  readonly securityGroups: readonly string[];
  readonly imageId: string;
  readonly instanceType: string;
  readonly state: InstanceState;
  /** Unix milliseconds since which it is in this state. */
  readonly stateSinceMs: number;
  /** Why it left the state `running`: `Client.UserInitiatedShutdown`. */
  readonly stateReason: string | undefined;
  readonly launchedAtMs: number;
  /** Of a spot instance that has had notice: when it is taken away. */
  readonly interruptedAtMs?: number;
}
