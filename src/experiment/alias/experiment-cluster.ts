import { homedir } from "node:os";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type ClusterConfig, inClusterConfig, loadKubeconfig } from "../../kube/index.ts";
import { isEmpty, type JsonObject } from "../document/json.ts";
import { type ClusterPlace, experimentClient } from "../kubernetes/cluster-place.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { pythonText } from "../values/substitute.ts";
import type { AliasCall } from "./python-function.ts";

type Place = Pick<AliasCall, "environment" | "secrets" | "configuration" | "clock" | "random">;
type Where = ClusterPlace["where"];

/**
 * The cluster that chaosk8s would talk to (`create_k8s_api_client`): a kubeconfig and its context KUBERNETES_CONTEXT, else the pod's own service
 * account with CHAOSTOOLKIT_IN_POD, else KUBERNETES_HOST and its like; secrets come before the environment.
 */
export async function clusterOfExperiment(place: Place): Promise<ClusterPlace> {
  const { cluster, where } = await clusterConfig(place);
  return { client: experimentClient(cluster, place), where };
}

async function clusterConfig({ environment, secrets, configuration }: Place): Promise<{ cluster: ClusterConfig; where: Where }> {
  const lookUp = (name: string): string | undefined =>
    valueIn(secrets, name) ?? environment[name] ?? valueIn(configuration, name.toLowerCase());
  const file = environment["KUBECONFIG"] ?? join(environment["HOME"] ?? homedir(), ".kube", "config");
  if (existsSync(file)) {
    const context = lookUp("KUBERNETES_CONTEXT");
    const where = { kubeconfig: resolve(file), ...(context === undefined ? {} : { context }) };
    return { cluster: await loadKubeconfig(file, context), where };
  }
  if (environment["CHAOSTOOLKIT_IN_POD"] === "true") return { cluster: await inClusterConfig(environment), where: null };
  const server = lookUp("KUBERNETES_HOST");
  if (server === undefined)
    throw new ActivityFailed(
      `no cluster: there is no ${file}; name one with --kubeconfig FILE or --lab DIR, or set KUBECONFIG or KUBERNETES_HOST`,
    );
  const ca = fileAt(lookUp("KUBERNETES_CA_CERT_FILE"));
  const cluster: ClusterConfig = {
    server,
    ...(ca === undefined ? {} : { ca }),
    // Not set means unverified, as in the package.
    ...(lookUp("KUBERNETES_VERIFY_SSL") === undefined ? { insecureSkipTlsVerify: true } : {}),
    credentials: credentialsFrom(lookUp),
    namespace: "default",
  };
  // Credentials do not go to the ledger: should this process be killed, it is put back by hand.
  return { cluster, where: null };
}

function credentialsFrom(lookUp: (name: string) => string | undefined): ClusterConfig["credentials"] {
  const token = lookUp("KUBERNETES_API_KEY");
  if (token !== undefined) return { type: "token", token };
  const cert = fileAt(lookUp("KUBERNETES_CERT_FILE"));
  const key = fileAt(lookUp("KUBERNETES_KEY_FILE"));
  if (cert !== undefined && key !== undefined) return { type: "certificate", cert, key };
  return { type: "none" };
}

function valueIn(values: JsonObject, name: string): string | undefined {
  const value = values[name];
  return value === undefined || isEmpty(value) ? undefined : pythonText(value);
}

function fileAt(path: string | undefined): string | undefined {
  return path === undefined ? undefined : readFileSync(path, "utf8");
}
