import { messageOf } from "../../kernel/index.ts";
import type { Pool } from "../../route/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { POOLS_STATE, decodePools } from "../pools-state.ts";
import type { SnapshotStore } from "../snapshot/store.ts";
import { ServedGeneration } from "./served-generation.ts";

/** The newest generation on disk with the pools that were written after it; undefined when there is none that can be used. */
export function readBootGeneration(store: SnapshotStore, skip: ReadonlySet<number>, log: Log): ServedGeneration | undefined {
  const newest = store.readNewest(skip);
  if (newest === undefined) return undefined;
  const served = new ServedGeneration(newest, log);
  const pools = readNewerPools(store, served.number, log);
  if (pools !== undefined) served.replace(pools);
  return served;
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
