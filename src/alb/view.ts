/** What `GET /load-balancers` of the controller's admin listener answers: what people and the console see. */
export interface LoadBalancersView {
  /** When it was made, RFC 3339. */
  readonly at: string;
  /** Whether this controller holds the lease now; another that does not shows what it last knew. */
  readonly leader: boolean;
  readonly loadBalancers: readonly LoadBalancerView[];
}

export interface LoadBalancerView {
  /** As it is named in AWS. */
  readonly name: string;
  readonly type: "application" | "network";
  readonly scheme: "internet-facing" | "internal";
  /** Null while it is not made. */
  readonly dnsName: string | null;
  /** AWS's word (`provisioning`, `active`, …); `missing` while it is not made, `unknown` when it was never read. */
  readonly state: string;
  /** How old what is shown is, seconds; null when nothing was ever read. */
  readonly ageSeconds: number | null;
  /** Why it is not newer, or why it is doubted; null when it is fresh. */
  readonly doubt: string | null;
  /** `Ingress namespace/name`, sorted; empty when nobody needs it any more. */
  readonly owners: readonly string[];
  readonly listeners: readonly ListenerView[];
  readonly targets: readonly TargetView[];
  /** Steps that are not done yet, in the words of `holdfast alb --dry-run`, each in one line; empty when it is as objects ask. */
  readonly plan: readonly PlannedView[];
}

export interface ListenerView {
  readonly port: number;
  readonly protocol: string;
  readonly sslPolicy: string | null;
  /** `forward to NAME`, `redirect to port 443`. */
  readonly action: string;
  /** The default one first. */
  readonly certificates: readonly { readonly arn: string; readonly names: readonly string[]; readonly notAfter: string | null }[];
}

export interface TargetView {
  /** An instance id or an address. */
  readonly id: string;
  readonly port: number;
  readonly zone: string | null;
  /** AWS's words (`TargetHealth`). */
  readonly state: string;
  readonly reason: string | null;
  readonly description: string | null;
}

export interface PlannedView {
  readonly effect: "add" | "change" | "remove";
  readonly text: string;
  /** Id of the held removal that it waits in; null when it is done next. */
  readonly heldId: string | null;
}
