import { readFile } from "node:fs/promises";
import { AppError, messageOf } from "../kernel/index.ts";
import type { ClusterConfig } from "./cluster-config.ts";

const SERVICE_ACCOUNT_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * What a pod knows of its cluster (page "Accessing the Kubernetes API from a Pod"): address from `env`, authority, token file and
 * namespace from its service account. Throws KUBE_CONFIG outside a pod.
 */
export async function inClusterConfig(
  env: Readonly<Record<string, string | undefined>>,
  directory = SERVICE_ACCOUNT_DIRECTORY,
): Promise<ClusterConfig> {
  const host = env["KUBERNETES_SERVICE_HOST"];
  const port = env["KUBERNETES_SERVICE_PORT"];
  if (host === undefined || host === "" || port === undefined || !/^[0-9]{1,5}$/.test(port)) {
    throw new AppError(
      "KUBE_CONFIG",
      "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod; name a kubeconfig with --kubeconfig FILE",
    );
  }
  try {
    const ca = await readFile(`${directory}/ca.crt`, "latin1");
    const namespace = (await readFile(`${directory}/namespace`, "utf8")).trim();
    return {
      server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
      ca,
      credentials: { type: "tokenFile", path: `${directory}/token` },
      namespace,
    };
  } catch (thrown) {
    throw new AppError("KUBE_CONFIG", `the pod's service account cannot be read: ${messageOf(thrown)}; set automountServiceAccountToken`, {
      cause: thrown,
    });
  }
}
