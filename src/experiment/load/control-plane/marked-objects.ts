import { AppError, messageOf } from "../../../kernel/index.ts";
import { type KubeClient, type KubeObject, type Resource, statusOf } from "../../../kube/index.ts";
import { written } from "../../document/json.ts";
import type { Sight, UndoDeps, UndoRecord } from "../../fault/fault.ts";
import { listed } from "../../kubernetes/listed.ts";
import { ActivityFailed } from "../../provider/activity-failed.ts";

/** Everything that load makes in a cluster carries it: what is removed afterwards is what has this label, and nothing else. */
export const LOAD_LABEL = "holdfast.io/load";

/** Creations that are under way at once. */
const AT_ONCE = 16;

/** Objects of one kind, in one namespace, with one value of {@link LOAD_LABEL}. */
export interface Marked {
  readonly resource: Resource;
  readonly namespace: string;
  readonly mark: string;
}

let marks = 0;

/** A value of the label that no other run has. */
export function newMark(nowMs: number): string {
  return `${nowMs.toString(36)}-${process.pid.toString(36)}-${marks++}`;
}

/** Creates them, `ratePerSecond` or as fast as the server takes them. Throws ActivityFailed at the first that it does not take. */
export async function createMarked(
  client: KubeClient,
  { resource, namespace }: Marked,
  count: number,
  objectOf: (index: number) => KubeObject,
  pace: { readonly ratePerSecond: number; wait(ms: number): Promise<void>; nowMs(): number; readonly signal: AbortSignal },
): Promise<void> {
  const startedMs = pace.nowMs();
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < count && !pace.signal.aborted; index = next++) {
      await pace.wait(startedMs + (index * 1000) / pace.ratePerSecond - pace.nowMs());
      try {
        await client.create(resource, objectOf(index), { fieldManager: "holdfast-load" });
      } catch (error) {
        next = count;
        throw new ActivityFailed(
          `the API server does not take the ${resource.kind} ${index + 1} of ${count} in ${namespace}: ${messageOf(error)}`,
        );
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** How many there are now. */
export async function countMarked(client: KubeClient, { resource, namespace, mark }: Marked): Promise<number> {
  return (await listed(client, resource, { namespace, labelSelector: `${LOAD_LABEL}=${mark}` })).length;
}

export async function sightOfMarked(client: KubeClient, marked: Marked, isRight: (count: number) => boolean): Promise<Sight> {
  const count = await countMarked(client, marked);
  return { seen: isRight(count), evidence: `${count} ${marked.resource.plural} with ${LOAD_LABEL}=${marked.mark} in ${marked.namespace}` };
}

/** What removing them takes, as fields of an undo record. */
export function markedRecord({ resource, namespace, mark }: Marked): Omit<UndoRecord, "kind"> {
  return { group: resource.group, version: resource.version, resourceKind: resource.kind, plural: resource.plural, namespace, mark };
}

/** Removes them, and nothing without their label. */
export async function removeMarked(record: UndoRecord, { target }: UndoDeps): Promise<void> {
  const marked = markedIn(record);
  try {
    await target.kube().deleteCollection(marked.resource, {
      namespace: marked.namespace,
      labelSelector: `${LOAD_LABEL}=${marked.mark}`,
      gracePeriodSeconds: 0,
      propagationPolicy: "Background",
    });
  } catch (error) {
    // The namespace is gone, and they with it.
    if (error instanceof AppError && statusOf(error)?.httpStatus === 404) return;
    throw error;
  }
}

export function removeByHand(record: UndoRecord): string {
  const { resource, namespace, mark } = markedIn(record);
  return `kubectl delete ${resource.plural} --namespace ${namespace} --selector ${LOAD_LABEL}=${mark}`;
}

function markedIn(record: UndoRecord): Marked {
  const mark = written(record["mark"]);
  // An empty selector would select everything.
  if (!/^[a-z0-9-]{3,63}$/.test(mark)) throw new ActivityFailed("the ledger's record of what load made has no mark: nothing is removed");
  return {
    resource: {
      group: written(record["group"]),
      version: written(record["version"]),
      kind: written(record["resourceKind"]),
      plural: written(record["plural"]),
      namespaced: true,
    },
    namespace: written(record["namespace"]),
    mark,
  };
}
