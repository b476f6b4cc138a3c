import { AppError } from "../kernel/index.ts";
import type { PolicyName } from "./scenario/result.ts";

/** What the lab is told; checked by {@link checkLabOptions}. */
export interface LabOptions {
  readonly policies: readonly PolicyName[];
  /** 1 to 9. */
  readonly nodes: number;
  /** Absolute; the lab removes and makes what is in it. */
  readonly stateDir: string;
  /** Copies of each application; as many as nodes when not given. */
  readonly replicas?: number;
  /** Requests a second to each fleet; 0 starts no load. */
  readonly ratePerSecond: number;
  /** What each router, and each controller of load balancers, is started with besides: known-bad variants are made so. */
  readonly routerArguments: readonly string[];
  readonly albArguments: readonly string[];
  /** V8's old-space limit of the API server, and what it gets when it is moved to a bigger machine. */
  readonly apiServerHeapMb: number;
  readonly apiServerBigHeapMb: number;
  readonly flood: { readonly podsPerRun: number; readonly paddingBytes: number };
  /** How a part of the lab is started: `[entry file]`; the part's name and its configuration follow. */
  readonly partEntry: string;
  /** What runs a router container: `[program, first argument …]`. */
  readonly routerCommand: readonly string[];
  /** What runs a controller of load balancers, likewise. */
  readonly albCommand: readonly string[];
  /** In the environment of every container. */
  readonly containerEnv: Readonly<Record<string, string>>;
}

/** How the lab differs from AWS and Kubernetes so that the film fits in two minutes; docs/explanation/lab.md says so too. */
export const LAB_TIME = {
  /** What load balancers are made with, in AWS's seconds; a second of a health check lasts so long. Checks are 5 s apart on AWS at least. */
  loadBalancer: {
    healthCheckSecondMs: 110,
    healthCheck: { intervalSeconds: 10, timeoutSeconds: 9, threshold: 2 },
    deregistrationDelaySeconds: 10,
    deregisterDelayMs: 1_000,
  },
  /** Minutes on AWS; an instance boots, a load balancer is `provisioning`. */
  instanceBootMs: 500,
  provisioningMs: 1_000,
  /** How long after it came into service a group counts what status checks say of an instance; 300 s by default on AWS. */
  instanceHealthGraceSeconds: 10,
  /** A minute of a CronJob's schedule. */
  cronMinuteMs: 5_000,
  /** Kubelets renew their Lease every 10 s in Kubernetes. */
  leaseSeconds: 2,
  /** 40 s in Kubernetes. */
  nodeGraceMs: 10_000,
  /** 300 s in Kubernetes. */
  evictionMs: 60_000,
  /** CrashLoopBackOff begins at 10 s in Kubernetes. */
  crashBackoffMs: 1_000,
  /** health check interval × unhealthy threshold, a check that has just passed, its timeout, and a second to spare. */
  drainDelaySeconds: 5,
} as const;

export const LAB_DEFAULTS = {
  nodes: 3,
  ratePerSecond: 50,
  apiServerHeapMb: 40,
  apiServerBigHeapMb: 768,
  flood: { podsPerRun: 2_000, paddingBytes: 8_192 },
} as const;

/** How often each application is there. */
export function copiesOf({ replicas, nodes }: LabOptions): number {
  return replicas ?? nodes;
}

/** How long a part may take to say that it serves, on a machine that is busy starting all of them. */
export const START_TIMEOUT_MS = 180_000;

/** @throws AppError LAB_BAD_OPTION */
export function checkLabOptions(options: LabOptions): LabOptions {
  if (!Number.isInteger(options.nodes) || options.nodes < 1 || options.nodes > 9) {
    throw new AppError("LAB_BAD_OPTION", `--nodes ${options.nodes}: give a whole number from 1 to 9`);
  }
  return options;
}
