import { AppError, isRecord } from "../../kernel/index.ts";
import type { Accepted, AcceptedChange, Hold } from "../../hold/index.ts";
import type { Clock } from "../../kernel/index.ts";
import type { KeptHold, MirrorStore } from "../../mirror/index.ts";
import { ChangeFile } from "../snapshot/change-file.ts";
import type { SnapshotStore } from "../snapshot/store.ts";
import { inSlices } from "./in-slices.ts";
import type { SnapshotWrites } from "./snapshot-writes.ts";

interface HoldFileDeps {
  readonly clock: Clock;
  readonly store: SnapshotStore;
  readonly writes: SnapshotWrites;
}

/**
 * What a hold has accepted and what it holds back, on disk. The whole is a line of `HoldRecords` and a line for each thing that is
 * accepted; a change the records again, a line `+` with each thing that is new or another, and a line `-` with each key that is gone.
 */
export class HoldFile<M> implements KeptHold {
  readonly #name: string;
  readonly #hold: Hold<M>;
  readonly #deps: HoldFileDeps;
  readonly #file: ChangeFile;
  #isTouched = false;
  readonly #keys = new Set<string>();
  #saving: Promise<void> = Promise.resolve();

  constructor(name: string, hold: Hold<M>, deps: HoldFileDeps) {
    this.#name = name;
    this.#hold = hold;
    this.#deps = deps;
    this.#file = new ChangeFile(deps.clock, (error) => deps.writes.failed(name, error));
  }

  /** Something about the hold is another, among it what `change` names. */
  touch(change?: AcceptedChange): void {
    this.#isTouched = true;
    if (change === undefined) return;
    for (const keys of [change.upserted, change.removed, change.withdrawn]) for (const key of keys) this.#keys.add(key);
  }

  /** Resolves when what was touched is written, or could not be in time. The first one writes the whole. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#save());
    return this.#saving;
  }

  async #save(): Promise<void> {
    const { writes, store } = this.#deps;
    const replace = (): Promise<boolean> => writes.keep(this.#name, this.#file.replace(store.stateFile(this.#name), this.#whole()));
    if (!this.#file.isOpen) {
      if (!this.#file.isWholeDue) return;
      this.#isTouched = false;
      this.#keys.clear();
      await replace();
      return;
    }
    if (!this.#isTouched) return;
    this.#isTouched = false;
    const kept = writes.keep(this.#name, this.#file.append(this.#change()));
    if (this.#file.isWholeDue) void replace();
    await kept;
  }

  #whole(): Promise<readonly string[]> {
    const items: readonly (string | Accepted<M>)[] = [JSON.stringify(this.#hold.records()), ...this.#hold.accepted.values()];
    return inSlices(items, (item) => (typeof item === "string" ? item : JSON.stringify(item)));
  }

  #change(): string {
    const lines = Array.from(this.#keys, (key) => {
      const item = this.#hold.accepted.get(key);
      return item === undefined ? `-${JSON.stringify(key)}` : `+${JSON.stringify(item)}`;
    });
    this.#keys.clear();
    return [JSON.stringify(this.#hold.records()), ...lines].join("\n");
  }
}

/** Keeps mirrors in the snapshot folder. */
export function mirrorStoreIn(deps: HoldFileDeps): MirrorStore {
  return {
    read(name) {
      const texts = deps.store.readChanges(name);
      return texts === undefined ? undefined : readHoldFile(texts);
    },
    keep: (name, hold) => new HoldFile(name, hold, deps),
  };
}

/** The state that records of a {@link HoldFile} come to, for `parseHoldState`. Throws AppError `ROUTER_SNAPSHOT_CORRUPT` when they are something else. */
export function readHoldFile(texts: readonly string[]): unknown {
  const [whole = "", ...changes] = texts;
  let [records = "", ...lines] = whole.split("\n");
  const accepted = new Map<unknown, unknown>();
  for (const line of lines) if (line !== "") put(accepted, parse(line));
  for (const change of changes) {
    [records = "", ...lines] = change.split("\n");
    for (const line of lines) {
      if (line.startsWith("-")) accepted.delete(parse(line.slice(1)));
      else if (line.startsWith("+")) put(accepted, parse(line.slice(1)));
      else throw corrupt();
    }
  }
  const parsed = parse(records);
  return isRecord(parsed) ? { ...parsed, accepted: [...accepted.values()] } : parsed;
}

function put(accepted: Map<unknown, unknown>, item: unknown): void {
  if (!isRecord(item)) throw corrupt();
  accepted.set(item["key"], item);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw corrupt(error);
  }
}

function corrupt(cause?: unknown): AppError {
  return new AppError("ROUTER_SNAPSHOT_CORRUPT", "a line of it is malformed", { cause });
}
