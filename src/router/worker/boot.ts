import { messageOf } from "../../kernel/index.ts";
import type { Pool } from "../../route/index.ts";
import type { Log } from "../../telemetry/index.ts";
import type { Generation } from "../generation.ts";
import { POOLS_STATE, decodePools } from "../pools-state.ts";
import type { SnapshotStore } from "../snapshot/store.ts";

/** The newest generation on disk with the pools that were written after it; undefined when there is none that can be used. */
export function readBootGeneration(store: SnapshotStore, skip: ReadonlySet<number>, log: Log): Generation | undefined {
  const newest = store.readNewest(skip)?.generation;
  if (newest === undefined) return undefined;
  const pools = readNewerPools(store, newest.header.number, log);
  return pools === undefined ? newest : { ...newest, pools };
}

function readNewerPools(store: SnapshotStore, number: number, log: Log): readonly Pool[] | undefined {
  try {
    const text = store.readState(POOLS_STATE);
    return text === undefined ? undefined : decodePools(text, number);
  } catch (error) {
    log.warn({ reason: messageOf(error) }, "pools on disk passed over, those of the generation are used");
    return undefined;
  }
}
