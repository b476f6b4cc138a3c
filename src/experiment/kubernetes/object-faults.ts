import { randomUUID } from "node:crypto";
import type { KubeObject } from "../../kube/index.ts";
import { type JsonObject, objectAt, objectsAt, textAt } from "../document/json.ts";
import type { PreparedFault, UndoKind } from "../fault/fault.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { type ClusterPlace, withClusterOf } from "./cluster-place.ts";
import { type ObjectPlace, kubectlName, objectIfThere, placeFrom, placeRecord, titleOf } from "./object-place.ts";

const REMOVE = "kubernetes/remove";
const RESTORE = "kubernetes/restore";

interface Naming {
  readonly kind: string;
  readonly label: string;
}

/** Makes an object; it is taken away again, and nobody else's of that name is. */
export async function prepareCreate(cluster: ClusterPlace, place: ObjectPlace, body: JsonObject, naming: Naming): Promise<PreparedFault> {
  const { client, where } = cluster;
  if ((await objectIfThere(client, place)) !== undefined) throw new ActivityFailed(`${titleOf(place)} is there already`);
  // The server writes down who made which fields: that is how ours is told from another's.
  const maker = `holdfast-${randomUUID()}`;
  const manifest = withNamespace(body, place);
  return {
    ...naming,
    victims: [titleOf(place)],
    undo: { kind: REMOVE, where, place: placeRecord(place), maker },
    async apply(signal) {
      await client.create(place.resource, manifest as unknown as KubeObject, { signal, fieldManager: maker });
      return null;
    },
    witness: {
      label: `the API server's ${titleOf(place)}`,
      async isInjected(signal) {
        const seen = (await objectIfThere(client, place, signal)) !== undefined;
        return { seen, evidence: `${titleOf(place)} is ${seen ? "there" : "not there"}` };
      },
      async isReverted(signal) {
        const now = await objectIfThere(client, place, signal);
        const ours = now !== undefined && isMadeBy(now, maker) && now.metadata.deletionTimestamp === undefined;
        return {
          seen: !ours,
          evidence: `${titleOf(place)} is ${ours ? "still there" : now === undefined ? "gone" : "not ours, or being deleted"}`,
        };
      },
    },
  };
}

export interface DeleteFault extends Naming {
  readonly gracePeriodSeconds?: number;
}

/** Deletes an object; it is made again as it was, without its status. Rejects when there is none. */
export async function prepareDelete(cluster: ClusterPlace, place: ObjectPlace, fault: DeleteFault): Promise<PreparedFault> {
  const { client, where } = cluster;
  const { kind, label, gracePeriodSeconds } = fault;
  const before = await objectIfThere(client, place);
  if (before === undefined) throw new ActivityFailed(`there is no ${titleOf(place)}`);
  const { uid } = before.metadata;
  return {
    kind,
    label,
    victims: [titleOf(place)],
    undo: { kind: RESTORE, where, place: placeRecord(place), uid: uid ?? null, manifest: manifestOf(before as unknown as JsonObject) },
    async apply(signal) {
      await client.delete(place.resource, place.ref, {
        signal,
        ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
        ...(uid === undefined ? {} : { preconditions: { uid } }),
      });
      return null;
    },
    witness: {
      label: `the API server's ${titleOf(place)}`,
      async isInjected(signal) {
        const now = await objectIfThere(client, place, signal);
        const seen = now === undefined || now.metadata.uid !== uid || now.metadata.deletionTimestamp !== undefined;
        return {
          seen,
          evidence: `${titleOf(place)} is ${now === undefined ? "gone" : seen ? "another one, or being deleted" : "still there"}`,
        };
      },
      async isReverted(signal) {
        const now = await objectIfThere(client, place, signal);
        const seen = now !== undefined && now.metadata.deletionTimestamp === undefined;
        return { seen, evidence: `${titleOf(place)} is ${seen ? "there" : "not there"}` };
      },
    },
  };
}

export const removeUndo: UndoKind = {
  kind: REMOVE,
  undo: (record, deps) =>
    withClusterOf(record["where"], deps, async (client) => {
      const place = placeFrom(record, "place");
      const now = await objectIfThere(client, place, deps.signal);
      if (now === undefined || !isMadeBy(now, textAt(record, "maker") ?? "")) return;
      const { uid } = now.metadata;
      await client.delete(place.resource, place.ref, { signal: deps.signal, ...(uid === undefined ? {} : { preconditions: { uid } }) });
    }),
  byHand: (record) => `kubectl delete ${kubectlName(placeFrom(record, "place"))}`,
};

export const restoreUndo: UndoKind = {
  kind: RESTORE,
  undo: (record, deps) =>
    withClusterOf(record["where"], deps, async (client) => {
      const place = placeFrom(record, "place");
      const now = await objectIfThere(client, place, deps.signal);
      // Being deleted: it is tried again when it is gone.
      if (now?.metadata.deletionTimestamp !== undefined) throw new ActivityFailed(`${titleOf(place)} is still being deleted`);
      if (now !== undefined) return;
      await client.create(place.resource, objectAt(record, "manifest") as unknown as KubeObject, { signal: deps.signal });
    }),
  byHand: (record) => `kubectl create -f - <<< '${JSON.stringify(record["manifest"])}'`,
};

function isMadeBy(object: KubeObject, maker: string): boolean {
  return objectsAt(object.metadata as unknown as JsonObject, "managedFields").some(({ manager }) => manager === maker);
}

function withNamespace(body: JsonObject, { ref }: ObjectPlace): JsonObject {
  return ref.namespace === undefined ? body : { ...body, metadata: { ...objectAt(body, "metadata"), namespace: ref.namespace } };
}

/** What of an object its maker said; the rest is the server's. */
function manifestOf(object: JsonObject): JsonObject {
  const { status: _status, metadata: _metadata, ...rest } = object;
  const metadata = objectAt(object, "metadata");
  const kept = ["name", "namespace", "labels", "annotations", "ownerReferences", "finalizers"].flatMap((field) =>
    metadata[field] === undefined ? [] : [[field, metadata[field]] as const],
  );
  return { ...rest, metadata: Object.fromEntries(kept) };
}
