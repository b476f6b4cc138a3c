import type { UndoKind } from "../../fault/fault.ts";
import { endLoadProcess } from "./load-process-undo.ts";
import { removeByHand, removeMarked } from "./marked-objects.ts";

/** Of `load/pods` and `load/objects`: first nobody writes to them any more, then they are removed. */
export const markedUndo: UndoKind = {
  kind: "load/objects",
  async undo(record, deps) {
    if (record["pid"] !== undefined) await endLoadProcess(record, deps);
    await removeMarked(record, deps);
  },
  byHand: removeByHand,
};
