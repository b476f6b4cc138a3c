import { AppError, isRecord } from "../../../kernel/index.ts";
import { type KubeClient, type KubeObject, type Resource, kinds } from "../../../kube/index.ts";
import { viewBudget } from "./disruption-budget.ts";
import { recordAt, viewPod } from "./pod-view.ts";
import { viewWorkload } from "./workload-view.ts";
import type { World } from "./world.ts";

/** Kinds of controllers whose health is known, by what owns a pod; the Deployment stands behind its ReplicaSets. */
const WORKLOADS: Readonly<Record<string, readonly Resource[]>> = {
  ReplicaSet: [kinds.replicaSets, kinds.deployments],
  StatefulSet: [kinds.statefulSets],
  DaemonSet: [kinds.daemonSets],
};

/**
 * Reads all that is to be known before anything is killed; of `namespace` alone when it is given, and then needs no rights elsewhere. Rejects when
 * anything of it cannot be read, or is not what it should be.
 */
export async function readWorld(client: KubeClient, namespace: string | undefined, signal: AbortSignal): Promise<World> {
  const scope = { ...(namespace === undefined ? {} : { namespace }), signal };
  const list = async (resource: Resource): Promise<readonly KubeObject[]> => {
    const { items, poisoned } = await client.list(resource, scope);
    const [bad] = poisoned;
    if (bad !== undefined)
      throw new AppError(
        "CHAOS_WORLD",
        `the list of ${resource.plural} has an item that cannot be read (${bad.key ?? "no name"}: ${bad.problem})`,
      );
    return items;
  };
  const pods = (await list(kinds.pods)).map(viewPod);
  const owners = new Set(pods.map(({ controller }) => controller?.kind ?? ""));
  const wanted = Object.entries(WORKLOADS).flatMap(([kind, resources]) => (owners.has(kind) ? resources : []));
  const [namespaces, budgets, nodes, ...workloads] = await Promise.all([
    namespace === undefined ? list(kinds.namespaces) : client.get(kinds.namespaces, { name: namespace }, { signal }).then((one) => [one]),
    list(kinds.podDisruptionBudgets).catch((error: unknown) => noneIfNotServed(client, error, signal)),
    namespace === undefined ? list(kinds.nodes) : [],
    ...wanted.map(list),
  ]);
  return {
    pods,
    namespaces: new Map(namespaces.map((object) => [object.metadata.name, object])),
    workloads: new Map(workloads.flat().map((object) => [object.metadata.uid ?? "", viewWorkload(object)])),
    budgets: budgets.map(viewBudget),
    readyNodes: nodes.filter(isReadyNode).length,
  };
}

/** A server without the group of budgets, as the lab's, has none: its list of groups says so. Whatever else went wrong is thrown again. */
async function noneIfNotServed(client: KubeClient, error: unknown, signal: AbortSignal): Promise<readonly KubeObject[]> {
  if (!(error instanceof AppError) || !["KUBE_NOT_FOUND", "KUBE_NO_SUCH_PATH"].includes(error.code)) throw error;
  const list = await client.requestJson({ path: "/apis", signal });
  const groups: unknown = isRecord(list) && list["kind"] === "APIGroupList" ? list["groups"] : undefined;
  if (!Array.isArray(groups) || groups.some((group) => !isRecord(group) || group["name"] === kinds.podDisruptionBudgets.group)) throw error;
  return [];
}

function isReadyNode(node: KubeObject): boolean {
  const conditions = recordAt(node, "status")["conditions"];
  return (
    Array.isArray(conditions) &&
    conditions.some((each: { type?: unknown; status?: unknown }) => each.type === "Ready" && each.status === "True")
  );
}
