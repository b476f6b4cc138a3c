import { messageOf, sleep } from "../../kernel/index.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import type { UndoDeps, UndoRecord } from "./fault.ts";
import { findUndo } from "./undos.ts";

const TRIES = 5;

/** Puts something back, and tries again when it fails: an API that is down is what experiments are about. Rejects with {@link ActivityFailed}. */
export async function undoFault(record: UndoRecord, deps: UndoDeps): Promise<void> {
  const kind = findUndo(record.kind);
  if (kind === undefined) throw new ActivityFailed(`this program cannot put back a ${record.kind}`);
  for (let tried = 1; ; tried++) {
    try {
      return await kind.undo(record, deps);
    } catch (error) {
      if (tried >= TRIES || deps.signal.aborted) throw new ActivityFailed(messageOf(error));
      await sleep(deps.clock, 500 * tried, deps.signal);
    }
  }
}

/** What a person has to do instead. */
export function byHand(record: UndoRecord): string {
  return findUndo(record.kind)?.byHand(record) ?? `undo ${JSON.stringify(record)}`;
}
