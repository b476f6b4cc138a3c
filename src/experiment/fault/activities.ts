import { written } from "../document/json.ts";
import type { NativeActivity } from "../native/native-activity.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";

const revert: NativeActivity = {
  name: "faults/revert",
  does: "action",
  summary: "puts back what this run has broken, now instead of at its end",
  arguments: {
    kind: { type: "string", summary: "only faults of this kind, as in process/signal; all when left out" },
  },
  async run({ kind }, { faults }) {
    const open = faults.open().filter((fault) => kind === undefined || fault.kind === kind);
    if (open.length === 0) throw new ActivityFailed(`no fault${kind === undefined ? "" : ` of kind ${written(kind)}`} is open`);
    for (const { id } of open.toReversed()) await faults.revert(id);
    return open.map(({ label }) => label);
  },
};

export const faultActivities: readonly NativeActivity[] = [revert];
