import { randomUUID } from "node:crypto";
import type { JsonObject } from "../document/json.ts";
import { objectAt } from "../document/json.ts";
import type { PreparedFault, Sight, UndoKind } from "../fault/fault.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { type ClusterPlace, withClusterOf } from "./cluster-place.ts";
import { inverseOf, isPatched } from "./merge-patch.ts";
import { type ObjectPlace, kubectlName, objectIfThere, placeFrom, placeRecord, titleOf } from "./object-place.ts";

const KIND = "kubernetes/patch";

export interface PatchFault {
  readonly kind: string;
  readonly label: string;
  readonly place: ObjectPlace;
  /** A merge patch (RFC 7396). */
  readonly patch: JsonObject;
}

/** Changes fields of an object; they get back what they had, unless somebody has changed them since. Rejects when there is no such object. */
export async function preparePatch({ client, where }: ClusterPlace, { kind, label, place, patch }: PatchFault): Promise<PreparedFault> {
  const before = await objectIfThere(client, place);
  if (before === undefined) throw new ActivityFailed(`there is no ${titleOf(place)}`);
  const inverse = inverseOf(patch, before as unknown as JsonObject);
  const look = async (wanted: JsonObject, signal: AbortSignal): Promise<Sight> => {
    const now = await objectIfThere(client, place, signal);
    if (now === undefined) return { seen: false, evidence: `${titleOf(place)} is gone` };
    const seen = isPatched(now as unknown as JsonObject, wanted);
    return { seen, evidence: `${titleOf(place)} ${seen ? "has" : "has not"} ${JSON.stringify(wanted)}` };
  };
  return {
    kind,
    label,
    victims: [titleOf(place)],
    undo: { kind: KIND, where, place: placeRecord(place), uid: before.metadata.uid ?? null, patch, inverse },
    async apply(signal) {
      await client.patch(place.resource, place.ref, { type: "merge", body: patch }, { signal, fieldManager: `holdfast-${randomUUID()}` });
      return null;
    },
    witness: {
      label: `the API server's ${titleOf(place)}`,
      isInjected: (signal) => look(patch, signal),
      async isReverted(signal) {
        const now = await objectIfThere(client, place, signal);
        if (now === undefined) return { seen: true, evidence: `${titleOf(place)} is gone` };
        const still = isPatched(now as unknown as JsonObject, patch) && !isPatched(now as unknown as JsonObject, inverse);
        return { seen: !still, evidence: `${titleOf(place)} ${still ? "still has" : "has no longer"} ${JSON.stringify(patch)}` };
      },
    },
  };
}

/** Another object of the same name is left alone, and so are fields that somebody has changed meanwhile. */
export const patchUndo: UndoKind = {
  kind: KIND,
  undo: (record, deps) =>
    withClusterOf(record["where"], deps, async (client) => {
      const place = placeFrom(record, "place");
      const now = await objectIfThere(client, place, deps.signal);
      if (now === undefined || (record["uid"] !== null && now.metadata.uid !== record["uid"])) return;
      if (!isPatched(now as unknown as JsonObject, objectAt(record, "patch"))) return;
      await client.patch(place.resource, place.ref, { type: "merge", body: objectAt(record, "inverse") }, { signal: deps.signal });
    }),
  byHand: (record) => `kubectl patch ${kubectlName(placeFrom(record, "place"))} --type merge -p '${JSON.stringify(record["inverse"])}'`,
};
