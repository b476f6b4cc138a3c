import { type ClusterConfig, type KubeClient, createKubeClient, loadKubeconfig } from "../../kube/index.ts";
import { type Json, isObject, textAt } from "../document/json.ts";
import type { UndoDeps } from "../fault/fault.ts";
import type { Target } from "../target/target.ts";

/** A cluster, and how another process finds it again. */
export interface ClusterPlace {
  readonly client: KubeClient;
  /** `null`: what the run is aimed at; else a kubeconfig and its context. */
  readonly where: { readonly kubeconfig: string; readonly context?: string } | null;
}

export function placeOfTarget(target: Target): ClusterPlace {
  return { client: target.kube(), where: null };
}

/** Calls `use` with the cluster of a record, and gives its connections back. */
export async function withClusterOf<T>(where: Json | undefined, deps: UndoDeps, use: (client: KubeClient) => Promise<T>): Promise<T> {
  if (!isObject(where)) return use(deps.target.kube());
  const cluster = await loadKubeconfig(textAt(where, "kubeconfig") ?? "", textAt(where, "context"));
  const client = experimentClient(cluster, deps);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

export function experimentClient(cluster: ClusterConfig, { clock, random }: Pick<UndoDeps, "clock" | "random">): KubeClient {
  return createKubeClient({ cluster, userAgent: "holdfast-experiment" }, { clock, random });
}
