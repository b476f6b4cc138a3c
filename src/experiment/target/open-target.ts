import { resolve } from "node:path";
import { type Clock, type Random, messageOf } from "../../kernel/index.ts";
import { type ClusterConfig, type KubeClient, createKubeClient, loadKubeconfig } from "../../kube/index.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { readLab } from "./read-lab.ts";
import type { Target, TargetSpec } from "./target.ts";

export interface TargetDeps {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Finds out what is aimed at; connects to nobody yet. Throws AppError `EXPERIMENT_TARGET` or `KUBE_CONFIG` when it cannot be used.
 */
export async function openTarget(spec: TargetSpec, deps: TargetDeps): Promise<Target> {
  const lab = spec.lab === undefined ? undefined : readLab(spec.lab);
  const file = spec.kubeconfig === undefined ? lab?.kubeconfig : resolve(spec.kubeconfig);
  const cluster = file === undefined ? undefined : await loadKubeconfig(file);
  let client: KubeClient | undefined;
  return {
    name: lab === undefined ? (cluster?.server.toString() ?? "none") : `lab ${lab.folder}`,
    spec: {
      ...(spec.kubeconfig === undefined ? {} : { kubeconfig: resolve(spec.kubeconfig) }),
      ...(lab === undefined ? {} : { lab: lab.folder }),
    },
    lab,
    cluster: namedCluster,
    kube() {
      client ??= createKubeClient({ cluster: namedCluster(), userAgent: "holdfast-experiment" }, deps);
      return client;
    },
    awsEnvironment: () => (lab === undefined ? presentIn(deps.environment) : lab.awsEnvironment),
    async close() {
      await client?.close();
    },
  };

  function namedCluster(): ClusterConfig {
    if (cluster === undefined) throw new ActivityFailed("no cluster was named: give --kubeconfig FILE or --lab DIR");
    return cluster;
  }
}

/** For putting things back when what was aimed at is gone: each use says why it cannot be had. */
export function lostTarget(spec: TargetSpec, why: unknown, { environment }: Pick<TargetDeps, "environment">): Target {
  return {
    name: spec.lab === undefined ? (spec.kubeconfig ?? "none") : `lab ${spec.lab}`,
    spec,
    lab: undefined,
    cluster: lost,
    kube: lost,
    awsEnvironment: () => presentIn(environment),
    close: () => Promise.resolve(),
  };

  function lost(): never {
    throw new ActivityFailed(messageOf(why));
  }
}

function presentIn(environment: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const present = Object.entries(environment).filter(([name, value]) => name.startsWith("AWS_") && value !== undefined);
  return Object.fromEntries(present) as Record<string, string>;
}
