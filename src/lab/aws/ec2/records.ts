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
  readonly vpcId: string;
}

export interface InstanceRecord {
  readonly id: string;
  readonly subnetId: string;
  readonly zone: string;
  readonly privateIp: string;
  readonly securityGroups: readonly string[];
  readonly state: "pending" | "running" | "stopping" | "stopped" | "shutting-down" | "terminated";
  readonly launchedAtMs: number;
}
