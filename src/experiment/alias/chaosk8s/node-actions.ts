import { shuffled } from "../../blast/plan-blast.ts";
import type { Json } from "../../document/json.ts";
import { experimentKinds } from "../../kubernetes/kinds.ts";
import { listed, selecting } from "../../kubernetes/listed.ts";
import { cordonOf, podsToDrain, prepareCordon, untilGone } from "../../kubernetes/node-faults.ts";
import { prepareDelete } from "../../kubernetes/object-faults.ts";
import { preparePodRemoval } from "../../kubernetes/pod-faults.ts";
import { ActivityFailed } from "../../provider/activity-failed.ts";
import type { Given } from "../given.ts";
import type { Parameters } from "../parameters.ts";
import { type AliasCall, moduleOf } from "../python-function.ts";
import { create } from "./object-actions.ts";

/** `_select_nodes`; but so many of them are drawn each once: the package may draw the same one again. */
async function selected(given: Given, call: AliasCall, isFirst = false): Promise<readonly string[]> {
  const client = await call.client();
  const name = given.has("name") ? given.optionalText("name") : undefined;
  const field = name === undefined ? undefined : `metadata.name=${name}`;
  let nodes = await listed(client, experimentKinds.nodes, selecting(undefined, given.optionalText("label_selector"), field));
  if (given.has("pod_label_selector") && given.flag("pod_label_selector") && given.flag("pod_namespace")) {
    const pods = await listed(client, experimentKinds.pods, selecting(given.text("pod_namespace"), given.text("pod_label_selector")));
    const homes = new Set(pods.map(({ spec }) => spec?.["nodeName"]));
    nodes = nodes.filter(({ metadata }) => homes.has(metadata.name));
  }
  if (nodes.length === 0) throw new ActivityFailed("failed to find a node that matches selector");
  const many = given.has("count") && given.value("count") !== null ? given.number("count") : undefined;
  const chosen = isFirst ? nodes.slice(0, 1) : many === undefined ? nodes : shuffled(nodes, call.random).slice(0, many);
  return chosen.map(({ metadata }) => metadata.name);
}

async function cordon(given: Given, call: AliasCall): Promise<Json> {
  const names = await selected(given, call);
  for (const name of names) await call.inject(await prepareCordon(await call.cluster(), name));
  return names;
}

async function uncordon(given: Given, call: AliasCall): Promise<Json> {
  const names = await selected(given, call);
  const client = await call.client();
  for (const name of names)
    if (!(await call.putBack(({ label }) => label === cordonOf(name))))
      await client.patch(experimentKinds.nodes, { name }, { type: "merge", body: { spec: { unschedulable: false } } });
  return names;
}

async function drain(given: Given, call: AliasCall): Promise<Json> {
  const names = await selected(given, call);
  const cluster = await call.cluster();
  const { client } = cluster;
  for (const name of names) await call.inject(await prepareCordon(cluster, name));
  for (const name of names) {
    const pods = await podsToDrain(client, name, given.flag("delete_pods_with_local_storage"));
    if (pods.length === 0) continue;
    await call.inject(preparePodRemoval(client, pods, { kind: "nodes/drain", by: "eviction", patienceMs: 0 }, call.clock));
    await untilGone(client, pods, given.number("timeout"), call.clock, call.signal);
  }
  return names;
}

/** The objects of nodes; the machines live on. */
async function deleteNodes(given: Given, call: AliasCall): Promise<Json> {
  if (given.flag("all"))
    throw new ActivityFailed("'all' is refused, as the package fails with it: select nodes by label, or say how many in 'count'");
  const isRandom = given.flag("rand");
  const isCounted = typeof given.value("count") === "number" && given.number("count") >= 1;
  const all = await selected(given, call, !isRandom && !isCounted);
  const names = isRandom ? shuffled(all, call.random).slice(0, 1) : all;
  const grace = given.value("grace_period_seconds");
  for (const name of names) {
    const place = { resource: experimentKinds.nodes, ref: { name } };
    const fault = {
      kind: "nodes/delete",
      label: `delete of node ${name}`,
      ...(typeof grace === "number" ? { gracePeriodSeconds: grace } : {}),
    };
    await call.inject(await prepareDelete(await call.cluster(), place, fault));
  }
  return names;
}

const ONES: Parameters = { name: null, label_selector: null };
const BY_PODS: Parameters = { pod_label_selector: null, pod_namespace: null };

export const nodeActions = moduleOf("chaosk8s.node.actions", {
  cordon_node: [ONES, cordon],
  uncordon_node: [ONES, uncordon],
  drain_nodes: [{ ...ONES, delete_pods_with_local_storage: false, timeout: 120, count: null, ...BY_PODS }, drain],
  delete_nodes: [{ label_selector: null, all: false, rand: false, count: null, grace_period_seconds: null, ...BY_PODS }, deleteNodes],
  create_node: [
    { meta: null, spec: null },
    async (given, call) => {
      const metadata = given.flag("meta") ? given.object("meta") : {};
      const spec = given.flag("spec") ? given.object("spec") : {};
      await create(call, experimentKinds.nodes, "", { apiVersion: "v1", kind: "Node", metadata, spec });
      return metadata;
    },
  ],
});
