import type { NodeConfig } from "./config.ts";
import type { TargetGroupState } from "./state.ts";

/** What `GET /load-balancers` of a host's control API answers of each. */
export interface HostedLoadBalancer {
  readonly id: string;
  readonly name: string;
  /** Of the configuration that it has; null while a part of it was refused. */
  readonly revision: string | null;
  readonly nodes: readonly NodeConfig[];
  readonly targetGroups: readonly TargetGroupState[];
}
