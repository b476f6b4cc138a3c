/** The VPC as far as load balancers are placed in it. */
export interface Network {
  readonly vpcId: string;
  /** Those of the VPC. */
  readonly subnets: readonly NetworkSubnet[];
  readonly securityGroups: readonly NetworkSecurityGroup[];
}

export interface NetworkSubnet {
  readonly id: string;
  readonly zone: string;
  readonly tags: ReadonlyMap<string, string>;
  /** Whether its route table, or else the main one of the VPC, leads to an internet gateway. */
  readonly isPublic: boolean;
  readonly hasIpv6: boolean;
  readonly freeAddresses: number;
}

export interface NetworkSecurityGroup {
  readonly id: string;
  readonly name: string;
  readonly tags: ReadonlyMap<string, string>;
}
