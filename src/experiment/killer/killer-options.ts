import type { ClusterConfig } from "../../kube/index.ts";
import type { AwsOptions } from "../../aws/index.ts";
import type { Calendar } from "./calendar/calendar.ts";
import type { Gate } from "./gate/gate.ts";
import type { RoundLimits } from "./plan/plan-round.ts";
import type { Grouping } from "./prey/group-name.ts";
import type { SelectionRules } from "./selection/safe.ts";
import type { TakeOptions } from "./take/take-pod.ts";
import type { Webhook } from "./tell/webhook.ts";

export interface KillerOptions {
  readonly cluster: ClusterConfig;
  /** Of the record, the Lease and the lever. */
  readonly namespace: string;
  /** Of the record and the Lease; killers of one name are one, of which one acts. */
  readonly name: string;
  /** Of this process alone. */
  readonly identity: string;
  /** The one namespace that is looked at; undefined: all. */
  readonly scope: string | undefined;
  readonly isDry: boolean;
  readonly selection: SelectionRules;
  readonly limits: RoundLimits;
  readonly calendar: Calendar;
  /** `interval`: everybody together, as chaoskube. `mtbf`: each application by its own mean time, as kube-monkey. */
  readonly pace: "interval" | "mtbf";
  readonly intervalMs: number;
  /** Between two attacks on what has the same owner; 0: none. */
  readonly leastTimeBetweenMs: number;
  /** 0: it does not end by itself. */
  readonly longestRunMs: number;
  readonly take: TakeOptions;
  /** Undefined: pods are killed, and not instances. */
  readonly instances: { readonly aws: Omit<AwsOptions, "guard">; readonly grouping: Grouping } | undefined;
  readonly haltFile: string | undefined;
  /** Have to be well before each turn. */
  readonly gates: readonly Gate[];
  /** Has to be well again so long after a kill; where it is not, the killer halts itself. */
  readonly recovery: { readonly gate: Gate; readonly withinMs: number } | undefined;
  readonly webhooks: readonly Webhook[];
  readonly admin: { readonly host: string; readonly port: number };
  readonly adminToken: string | undefined;
  readonly leaseSeconds: number;
}
