/** EC2 as the controller sees it, in the words of its API reference. Lists are complete, or there is an error instead. */

interface Tagged {
  readonly id: string;
  readonly tags: ReadonlyMap<string, string>;
}

export interface Vpc extends Tagged {
  readonly cidr: string;
}

export interface Subnet extends Tagged {
  readonly vpcId: string;
  readonly zone: string;
  /** Undefined of one for IPv6 alone. */
  readonly cidr: string | undefined;
  readonly ipv6Cidrs: readonly string[];
  readonly freeAddresses: number;
}

export interface RouteTable extends Tagged {
  readonly vpcId: string;
  /** The VPC's main table: of all subnets that no other names. */
  readonly isMain: boolean;
  readonly subnets: readonly string[];
  /** Where its routes lead: `igw-…`, `nat-…`, `local`. */
  readonly gateways: readonly string[];
}

export interface SecurityGroup extends Tagged {
  readonly name: string;
  readonly description: string;
  readonly vpcId: string | undefined;
  readonly ingress: readonly IngressPermission[];
}

/** What may come in: from one source, to a range of ports. */
export interface IngressPermission {
  /** `tcp`, `udp`, `icmp`, or `-1` for all. */
  readonly protocol: string;
  readonly fromPort: number | undefined;
  readonly toPort: number | undefined;
  /** A CIDR block, a prefix list or another security group. */
  readonly source: string;
}

/** TCP from a CIDR block, of IPv4 or IPv6, to a range of ports. */
export interface TcpIngress {
  readonly cidr: string;
  readonly fromPort: number;
  readonly toPort: number;
}

export interface Instance extends Tagged {
  /** `pending`, `running`, `shutting-down`, `terminated`, `stopping`, `stopped`, or a word that is not known. */
  readonly state: string;
  readonly zone: string;
  /** Undefined of one that is terminated, as the next ones. */
  readonly vpcId: string | undefined;
  readonly subnetId: string | undefined;
  readonly privateIp: string | undefined;
  readonly privateDnsName: string | undefined;
}

export interface NewSecurityGroup {
  readonly name: string;
  readonly description: string;
  readonly vpcId: string;
  readonly tags: ReadonlyMap<string, string>;
}

/** EC2's filters by their names: `vpc-id`, `tag:KEY`. A resource passes that has one of the values of each. */
export type Filters = ReadonlyMap<string, readonly string[]>;
