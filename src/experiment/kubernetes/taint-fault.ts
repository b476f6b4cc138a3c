import { AppError } from "../../kernel/index.ts";
import type { KubeClient } from "../../kube/index.ts";
import { type JsonObject, objectAt, objectsAt, textAt } from "../document/json.ts";
import type { PreparedFault, UndoKind } from "../fault/fault.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { type ClusterPlace, withClusterOf } from "./cluster-place.ts";
import { experimentKinds } from "./kinds.ts";
import type { ClusterObject } from "./listed.ts";
import { objectIfThere } from "./object-place.ts";

const KIND = "kubernetes/taint";
const TRIES = 5;

export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: string;
}

/** A taint on a node. The list of taints belongs to many (controllers write there, too): ours alone is added, and taken away. */
export async function prepareTaint({ client, where }: ClusterPlace, node: string, taint: Taint): Promise<PreparedFault> {
  const label = `taint ${taint.key}=${taint.value}:${taint.effect} on node ${node}`;
  if (hasTaint(await nodeNow(client, node), taint)) throw new ActivityFailed(`${label}: it has one of this key and effect already`);
  const look = async (signal: AbortSignal, wanted: boolean) => {
    const has = hasTaint(await nodeNow(client, node, signal), taint);
    return { seen: has === wanted, evidence: `node ${node} ${has ? "has" : "has not"} ${taint.key}:${taint.effect}` };
  };
  return {
    kind: "nodes/taint",
    label,
    victims: [`Node ${node}`],
    undo: { kind: KIND, where, node, taint: { ...taint } },
    async apply(signal) {
      await writeTaints(client, node, (taints) => [...taints, { key: taint.key, value: taint.value, effect: taint.effect }], signal);
      return null;
    },
    witness: {
      label: `the API server's Node ${node}`,
      isInjected: (signal) => look(signal, true),
      isReverted: (signal) => look(signal, false),
    },
  };
}

export const taintUndo: UndoKind = {
  kind: KIND,
  undo: (record, deps) =>
    withClusterOf(record["where"], deps, async (client) => {
      const taint = taintIn(record);
      const node = textAt(record, "node") ?? "";
      const now = await nodeNow(client, node, deps.signal);
      if (now === undefined || !hasTaint(now, taint)) return;
      const others = (taints: readonly JsonObject[]): readonly JsonObject[] => taints.filter((one) => !isSame(one, taint));
      await writeTaints(client, node, others, deps.signal);
    }),
  byHand: (record) => `kubectl taint node ${textAt(record, "node") ?? ""} ${taintIn(record).key}:${taintIn(record).effect}-`,
};

function taintIn(record: JsonObject): Taint {
  const taint = objectAt(record, "taint");
  return { key: textAt(taint, "key") ?? "", value: textAt(taint, "value") ?? "", effect: textAt(taint, "effect") ?? "" };
}

/** Somebody who writes in between is not overwritten: it is read and tried again. */
async function writeTaints(
  client: KubeClient,
  name: string,
  change: (taints: readonly JsonObject[]) => readonly JsonObject[],
  signal: AbortSignal,
): Promise<void> {
  for (let tried = 1; ; tried++) {
    const node = await client.get<ClusterObject>(experimentKinds.nodes, { name }, { signal });
    const { resourceVersion } = node.metadata;
    const body = { metadata: { resourceVersion }, spec: { taints: change(objectsAt(node.spec ?? {}, "taints")) } };
    try {
      await client.patch(experimentKinds.nodes, { name }, { type: "merge", body }, { signal });
      return;
    } catch (error) {
      if (!(error instanceof AppError && error.code === "KUBE_CONFLICT") || tried >= TRIES) throw error;
    }
  }
}

function nodeNow(client: KubeClient, name: string, signal?: AbortSignal): Promise<ClusterObject | undefined> {
  return objectIfThere(client, { resource: experimentKinds.nodes, ref: { name } }, signal);
}

function hasTaint(node: ClusterObject | undefined, taint: Taint): boolean {
  return objectsAt(node?.spec ?? {}, "taints").some((one) => isSame(one, taint));
}

const isSame = ({ key, effect }: JsonObject, taint: Taint): boolean => key === taint.key && effect === taint.effect;
