import { resolve } from "node:path";
import { type ClusterConfig, inClusterConfig, loadKubeconfig } from "../kube/index.ts";
import { badUsage } from "./flag-values.ts";

/** The cluster of `--kubeconfig`, without it that of the pod this runs in. Throws AppError `CLI_USAGE` or `KUBE_CONFIG`. */
export async function readCluster(kubeconfig: string | undefined): Promise<ClusterConfig> {
  if (kubeconfig !== undefined) return loadKubeconfig(resolve(kubeconfig));
  const { KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT } = process.env;
  if (KUBERNETES_SERVICE_HOST === undefined || KUBERNETES_SERVICE_PORT === undefined)
    throw badUsage("no cluster: give --kubeconfig FILE (KUBERNETES_SERVICE_HOST is not set, so this is no pod of a cluster)");
  return inClusterConfig({ KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT });
}
