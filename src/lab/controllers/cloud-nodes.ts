import { type Aws, connectAws } from "../../aws/index.ts";
import { kinds } from "../../kube/index.ts";
import { type Controller, createController } from "../machinery/index.ts";
import { type Node, type Taint, findCondition } from "../objects/index.ts";
import type { ControllerContext } from "./context.ts";
import { ignoreGone } from "./deployment.ts";

const SHUTDOWN: Taint = { key: "node.cloudprovider.kubernetes.io/shutdown", effect: "NoSchedule" };

/**
 * Asks AWS for the instance of each node that is not ready (page "Cloud Controller Manager", "Node controller"): the node of one that is terminated
 * is deleted, that of one that is stopped is tainted. While AWS does not say, nodes stay as they are.
 */
export function startCloudNodeController(context: ControllerContext): Controller {
  const { caches, client, clock, random, log, events, settings } = context;
  const { cloud } = settings;
  const aws: Aws | undefined = cloud === undefined ? undefined : connectAws(cloud, { clock, random, log });

  const reconcile = async (name: string): Promise<void> => {
    const node = caches.nodes.get(name);
    const id = instanceIdOf(node);
    if (aws === undefined || node === undefined || id === undefined) return;
    const isTainted = (node.spec?.taints ?? []).some(({ key }) => key === SHUTDOWN.key);
    if (findCondition(node.status?.conditions, "Ready")?.status === "True") {
      if (isTainted) await setTaint(node, false);
      return;
    }
    controller.enqueueAfter(name, settings.nodeMonitorPeriodMs);
    const state = (await aws.ec2.instancesById([id])).get(id)?.state ?? "terminated";
    if (state === "terminated") {
      events.record(node, "Normal", "DeletingNode", `Deleting node ${name} because it does not exist in the cloud provider`);
      await client.delete(kinds.nodes, { name }, { preconditions: { uid: node.metadata.uid ?? "" } }).catch(ignoreGone);
    } else if (state === "stopped" && !isTainted) await setTaint(node, true);
  };

  const setTaint = async (node: Node, isWanted: boolean): Promise<void> => {
    const others = (node.spec?.taints ?? []).filter(({ key }) => key !== SHUTDOWN.key);
    const body = {
      metadata: { resourceVersion: node.metadata.resourceVersion },
      spec: { taints: isWanted ? [...others, SHUTDOWN] : others },
    };
    const patched = await client.patch<Node>(kinds.nodes, { name: node.metadata.name }, { type: "merge", body });
    caches.nodes.observe(patched);
  };

  const controller = createController({ name: "cloudnode", workers: 1, reads: [caches.nodes], reconcile }, context);
  caches.nodes.subscribe((node) => controller.enqueue(node.metadata.name));
  return {
    ...controller,
    async close() {
      await controller.close();
      aws?.close();
    },
  };
}

/** `i-…` of `aws:///eu-central-1a/i-…`; undefined of a node that is no instance of AWS. */
function instanceIdOf(node: Node | undefined): string | undefined {
  return /^aws:\/\/\/[^/]+\/(i-[0-9a-f]+)$/.exec(node?.spec?.providerID ?? "")?.[1];
}
