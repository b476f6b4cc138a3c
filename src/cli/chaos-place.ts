import { type Command, Option } from "commander";
import { systemClock, systemRandom } from "../kernel/index.ts";
import { type ClusterConfig, type KubeClient, createKubeClient } from "../kube/index.ts";
import { ofChaoskube } from "./chaos-flags.ts";
import { readCluster } from "./cluster-flags.ts";
import { badUsage, readUrl } from "./flag-values.ts";

/** Which cluster, and where in it the killer keeps its record. */
export interface ChaosClusterFlags {
  readonly kubeconfig?: string;
  readonly master?: string;
  readonly clientNamespaceScope?: string;
  readonly namespace?: string;
  readonly name?: string;
}

export function addClusterFlags(command: Command): Command {
  return command
    .addOption(ofChaoskube(new Option("--kubeconfig <FILE>", "the cluster of its current context (without it: the cluster this runs in)")))
    .addOption(ofChaoskube(new Option("--master <URL>", "the API server, where it is another one than there")));
}

export function addPlaceFlags(command: Command): Command {
  return command
    .option("--namespace <NAME>", "of the record and the Lease (POD_NAMESPACE, or the context's)")
    .option("--name <NAME>", "of the record and the Lease; killers of one name are one", "holdfast-chaos");
}

export function addScopeFlag(command: Command): Command {
  return command.addOption(
    ofChaoskube(new Option("--client-namespace-scope <NAME>", "look at this namespace alone; needs a Role in it, and no ClusterRole")),
  );
}

/** Throws AppError `CLI_USAGE` or `KUBE_CONFIG`. */
export async function readChaosCluster({ kubeconfig, master }: ChaosClusterFlags): Promise<ClusterConfig> {
  const cluster = await readCluster(kubeconfig);
  return master === undefined ? cluster : { ...cluster, server: readUrl(master, "--master").replace(/\/$/, "") };
}

/** Throws AppError `CLI_USAGE`. */
export function readPlace(
  { namespace, name = "holdfast-chaos" }: ChaosClusterFlags,
  cluster: ClusterConfig,
  environment: NodeJS.ProcessEnv,
): { readonly namespace: string; readonly name: string } {
  if (!/^[a-z0-9]([a-z0-9.-]{0,60}[a-z0-9])?$/.test(name))
    throw badUsage(`--name ${JSON.stringify(name)}: write 1 to 62 lower-case letters, digits, dots and hyphens`);
  return { namespace: namespace ?? environment["POD_NAMESPACE"] ?? cluster.namespace, name };
}

/** Does `work` with a client of the cluster. What waits to try a call again keeps no process alive, so that this does. */
export async function withClient<T>(cluster: ClusterConfig, work: (client: KubeClient) => Promise<T>): Promise<T> {
  const alive = setInterval(() => {}, 2 ** 30);
  const client = createKubeClient({ cluster, userAgent: "holdfast-chaos" }, { clock: systemClock, random: systemRandom });
  try {
    return await work(client);
  } finally {
    clearInterval(alive);
    await client.close();
  }
}
