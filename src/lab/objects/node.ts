import type { KubeObject } from "../../kube/index.ts";
import type { Condition, Labels } from "./metadata.ts";

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
  readonly timeAdded?: string;
}

export interface Node extends KubeObject {
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly Taint[]; readonly providerID?: string };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly allocatable?: Labels;
    readonly capacity?: Labels;
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
  };
}

export interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly renewTime?: string;
    readonly acquireTime?: string;
  };
}
