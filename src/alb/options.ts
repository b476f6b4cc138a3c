import type { ClusterConfig } from "../kube/index.ts";
import type { ClaimOptions } from "./objects/claim-options.ts";
import type { GroupTags } from "./observe/auto-scaling-groups.ts";
import type { Brake } from "./removal/removals.ts";
import type { AlbSettings } from "./settings.ts";

/** What `holdfast alb` is told. */
export interface AlbOptions {
  readonly settings: AlbSettings;
  readonly objects: Omit<ClaimOptions, "settings">;
  readonly cluster: ClusterConfig;
  /** Of the lease and of the state. */
  readonly namespace: string;
  /** Of this process among those that stand for election. */
  readonly identity: string;
  /** How long a holder of the lease may be silent before another takes it; left out: 15. */
  readonly leaseSeconds?: number;
  /** Left out: as the SDK finds it. */
  readonly region?: string;
  readonly endpoint?: string;
  /** Of the Auto Scaling groups that the cluster's nodes are in; left out: `kubernetes.io/cluster/ID`. */
  readonly groupTags?: GroupTags;
  /** For targets of type `ip`: the pods of the routers. */
  readonly pods?: { readonly namespace: string; readonly labelSelector: string };
  readonly certificateFilterTag?: readonly [key: string, value: string];
  readonly excludedCertificates: ReadonlySet<string>;
  /** How often certificates are read, while each host has one. */
  readonly certificatesEveryMs: number;
  readonly removals: Brake;
  /** How long nothing is taken away after a start, a change of leaders or an outage of AWS. */
  readonly removalsRestMs: number;
  /** Whether the objects are told where their load balancers are. */
  readonly writesStatus: boolean;
  /** A folder for the state in place of a ConfigMap. */
  readonly stateDirectory?: string;
  readonly admin: { readonly host: string; readonly port: number };
  readonly adminToken?: string;
}
