import type { Policy } from "./process.ts";

/** A load balancer as its controller knows it; states and reasons are AWS's words. */
export interface LoadBalancerView {
  /** The lane it begins; `null` where there are no lanes. */
  readonly policy: Policy | null;
  /** As it is named in AWS. */
  readonly name: string;
  readonly type: "application" | "network";
  readonly scheme: "internet-facing" | "internal";
  readonly dnsName: string | null;
  /** `missing` while it is not made, `unknown` when it was never read. */
  readonly state: string;
  /** How old the controller's reading is; `null` when nothing was ever read. */
  readonly ageSeconds: number | null;
  /** Why the controller doubts it; `null` when it does not. */
  readonly doubt: string | null;
  /** Whose it is: `Ingress shop/front`. */
  readonly owners: readonly string[];
  readonly listeners: readonly ListenerView[];
  readonly targets: readonly BalancedTargetView[];
  /** What is not done yet, in the words of `holdfast alb --dry-run`. */
  readonly plan: readonly PlannedStepView[];
}

export interface ListenerView {
  readonly port: number;
  readonly protocol: string;
  readonly sslPolicy: string | null;
  readonly action: string;
  /** The default one first; `notAfter` RFC 3339. */
  readonly certificates: readonly { readonly arn: string; readonly names: readonly string[]; readonly notAfter: string | null }[];
}

export interface BalancedTargetView {
  /** An instance id or an address. */
  readonly id: string;
  readonly port: number;
  readonly zone: string | null;
  readonly state: string;
  readonly reason: string | null;
  readonly description: string | null;
}

export interface PlannedStepView {
  readonly effect: "add" | "change" | "remove";
  readonly text: string;
  /** The held removal it waits in; `null` when it is done next. */
  readonly heldId: string | null;
}
