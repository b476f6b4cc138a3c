import { type KubeClient, type KubeClientOptions, createKubeClient, inClusterConfig, loadKubeconfig } from "../../kube/index.ts";
import type { RoutesSource } from "../messages.ts";
import type { SourceDeps } from "./source.ts";

/** A client of the cluster the router serves. Rejects with AppError `KUBE_CONFIG` when it cannot be known how to reach it. */
export async function openClusterClient(
  routes: Exclude<RoutesSource, { type: "file" }>,
  deps: Pick<SourceDeps, "clock" | "random" | "log" | "metrics">,
  options: Omit<KubeClientOptions, "cluster" | "userAgent"> = {},
): Promise<KubeClient> {
  const cluster =
    routes.type === "kubeconfig"
      ? await loadKubeconfig(routes.file)
      : await inClusterConfig({ KUBERNETES_SERVICE_HOST: routes.host, KUBERNETES_SERVICE_PORT: routes.port });
  return createKubeClient({ ...options, cluster, userAgent: "holdfast-router" }, deps);
}
