/** What a load balancer must be like for those who share it. Two claims with the same profile can share one. */
export interface Profile {
  readonly type: "application" | "network";
  readonly scheme: "internet-facing" | "internal";
  readonly ipAddressType: "ipv4" | "dualstack";
  /** Undefined: the one that the controller finds. */
  readonly securityGroup: string | undefined;
  readonly sslPolicy: string;
  readonly webAclId: string | undefined;
  readonly http2: boolean;
}

/** What an Ingress or a RouteGroup asks of load balancers. */
export interface Claim {
  /** `Ingress namespace/name` */
  readonly owner: string;
  /** Lower case, sorted, each once. */
  readonly hosts: readonly string[];
  readonly profile: Profile;
  /** It wants a load balancer of its own. */
  readonly isExclusive: boolean;
  /** ARNs it names; when there are none, certificates are found for its hosts. */
  readonly certificateArns: readonly string[];
}

/** The same text for the same profile, whatever the order of its fields. */
export function profileKey(profile: Profile): string {
  const { type, scheme, ipAddressType, securityGroup = "", sslPolicy, webAclId = "", http2 } = profile;
  return [type, scheme, ipAddressType, securityGroup, sslPolicy, webAclId, String(http2)].join(" ");
}
