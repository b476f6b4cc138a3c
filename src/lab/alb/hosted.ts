import type { NodeConfig } from "./config.ts";
import type { TargetGroupState } from "./state.ts";

/** What `GET /load-balancers` of a host's control API answers of each. */
export interface HostedLoadBalancer {
  readonly id: string;
  readonly name: string;
  /** Of the configuration that it has; null while a part of it was refused. */
  readonly revision: string | null;
  readonly nodes: readonly NodeConfig[];
  /** Since it was started: requests or connections for which a target was chosen, bytes from and to clients; and their open connections. */
  readonly traffic: { readonly forwarded: number; readonly bytes: number; readonly openConnections: number };
  readonly targetGroups: readonly TargetGroupState[];
}
