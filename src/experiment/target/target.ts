import type { ClusterConfig, KubeClient } from "../../kube/index.ts";

/** What an experiment is aimed at: a lab (`--lab DIR`), a cluster (`--kubeconfig FILE`), or neither. */
export interface Target {
  /** `lab /tmp/x`, or the server of the kubeconfig; `none`. */
  readonly name: string;
  /** How it was named; the ledger keeps it, so that another process can put things back. */
  readonly spec: TargetSpec;
  /** One client for the whole run. Throws `ActivityFailed` when no cluster was named. */
  kube(): KubeClient;
  /** How the cluster is reached. Throws as {@link kube}. */
  cluster(): ClusterConfig;
  /** `AWS_ENDPOINT_URL` and its like: of a lab its own, else those of this process. */
  awsEnvironment(): Readonly<Record<string, string>>;
  readonly lab: LabHandle | undefined;
  /** Gives connections back. */
  close(): Promise<void>;
}

export interface TargetSpec {
  /** Absolute paths. */
  readonly kubeconfig?: string;
  readonly lab?: string;
}

/** A lab that runs on this machine, as its `lab.json` tells of it. */
export interface LabHandle {
  /** Its state folder. */
  readonly folder: string;
  readonly pid: number;
  readonly kubeconfig: string;
  /** `AWS_ENDPOINT_URL` and its like. */
  readonly awsEnvironment: Readonly<Record<string, string>>;
  /** Where its parts are listed, stopped and started over HTTP, and what to say there (docs/reference/console-api.md). */
  readonly url: string;
  readonly token: string;
  /** Its id where the lab has one of its own: then nothing of it is reached from elsewhere. */
  readonly networkNamespace: string | null;
  /** The control API of its AWS (docs/reference/lab-aws.md). */
  readonly awsControl: { readonly url: string; readonly token: string };
  readonly zones: readonly LabZone[];
}

/** A zone of a lab with its two blocks of addresses. */
export interface LabZone {
  readonly name: string;
  /** Of load balancers. */
  readonly publicCidr: string;
  /** Of nodes and pods. */
  readonly privateCidr: string;
}
