import { AppError, type Clock, sleep } from "../kernel/index.ts";
import { type KubeClient, kinds } from "../kube/index.ts";
import { application, applyObject, readManifest, routerCredentials, routerFleet } from "./manifests/index.ts";
import { CLUSTER_ID, awsAccess } from "./machines/account.ts";
import { controllerCredentials, type ControllerSettings, loadBalancerController } from "./manifests/load-balancer-controller.ts";
import { type Node, findCondition } from "./objects/index.ts";
import { LAB_TIME, START_TIMEOUT_MS, copiesOf } from "./options.ts";
import { type LabPlan, kubeconfigText } from "./part-configs.ts";

/** Every node runs one copy of each. */
export const APPLICATIONS: readonly string[] = ["storefront", "cart", "search"];

/**
 * Makes what stands in the cluster from the beginning, and waits for the nodes where the order matters.
 * @throws AppError KUBE_*, LAB_NOT_READY
 */
export async function makeFirstObjects(plan: LabPlan, client: KubeClient, clock: Clock): Promise<void> {
  const [definition] = readManifest("../../../deploy/crds/routegroups.zalando.org.yaml");
  if (definition !== undefined) await applyObject(client, definition);
  await untilEstablished(client, clock);
  for (const object of readManifest("applications.yaml")) await applyObject(client, object);
  await applyObject(client, routerCredentials(kubeconfigText(plan, "router", plan.credentials.router)));
  await applyObject(client, controllerCredentials(controllerSecrets(plan)));
  for (const fleet of plan.fleets) {
    await applyObject(client, loadBalancerController(fleet, controllerSettings(plan), plan.options.albArguments));
    await applyObject(client, routerFleet(fleet, LAB_TIME.drainDelaySeconds, plan.options.routerArguments));
  }
  await untilNodesReady(plan, client, clock);
  const copies = copiesOf(plan.options);
  for (const name of APPLICATIONS) for (const object of application(name, "shop", copies)) await applyObject(client, object);
}

/** The kinds of a definition are served a moment after it is made. */
async function untilEstablished(client: KubeClient, clock: Clock): Promise<void> {
  const deadlineMs = clock.monoMs() + 10_000;
  for (;;) {
    try {
      await client.list(kinds.routeGroups);
      return;
    } catch (thrown) {
      if (clock.monoMs() > deadlineMs) throw thrown;
      await sleep(clock, 50);
    }
  }
}

/** Else the first node that is ready gets all the pods. */
async function untilNodesReady(plan: LabPlan, client: KubeClient, clock: Clock): Promise<void> {
  const deadlineMs = clock.monoMs() + START_TIMEOUT_MS;
  const isReady = (node: Node): boolean => findCondition(node.status?.conditions, "Ready")?.status === "True";
  for (;;) {
    const { items } = await client.list<Node>(kinds.nodes);
    if (items.filter(isReady).length >= plan.options.nodes) return;
    if (clock.monoMs() > deadlineMs)
      throw new AppError(
        "LAB_NOT_READY",
        `not every node became ready in ${START_TIMEOUT_MS / 1000} s; see the logs in ${plan.folder.root}/logs`,
      );
    await sleep(clock, 100);
  }
}

function controllerSettings(plan: LabPlan): ControllerSettings {
  const { region, endpoint } = awsAccess(plan);
  const { healthCheck, deregistrationDelaySeconds } = LAB_TIME.loadBalancer;
  return { clusterId: CLUSTER_ID, region, endpoint, healthCheck, deregistrationDelaySeconds };
}

function controllerSecrets(plan: LabPlan): Parameters<typeof controllerCredentials>[0] {
  const { credentials } = awsAccess(plan);
  return {
    kubeconfig: kubeconfigText(plan, "alb", plan.credentials.alb),
    token: plan.credentials.control,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
}
