import { randomBytes } from "node:crypto";
import { closeSync, openSync, rmSync, statfsSync, writeFileSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";
import { messageOf } from "../../kernel/index.ts";
import { written } from "../document/json.ts";
import type { PreparedFault, Sight, UndoKind, UndoRecord } from "../fault/fault.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";

const KIND = "resource/disk";
/** A larger one is not of a test, and would take long. */
const LARGEST_BYTES = 2 ** 30;
const CHUNK = 2 ** 20;

/** No space left in the file system of a folder. Throws `ActivityFailed` where more than 1 GiB is free: that is somebody's disk. */
export function prepareFullDisk(folder: string): PreparedFault {
  const file = join(resolve(folder), `holdfast-fill-${randomBytes(6).toString("hex")}`);
  const free = freeBytes(folder);
  if (free > LARGEST_BYTES)
    throw new ActivityFailed(
      `${folder} has ${Math.round(free / 2 ** 20)} MiB free: only file systems with less than 1024 are filled; mount a small tmpfs there`,
    );
  const look = (isFull: boolean): Promise<Sight> => {
    const probe = `${file}-probe`;
    let outcome = "a file was written";
    try {
      writeFileSync(probe, Buffer.alloc(8192));
    } catch (error) {
      outcome = (error as NodeJS.ErrnoException).code ?? messageOf(error);
    } finally {
      rmSync(probe, { force: true });
    }
    return Promise.resolve({ seen: (outcome === "ENOSPC") === isFull, evidence: `writing 8192 bytes below ${folder}: ${outcome}` });
  };
  return {
    kind: KIND,
    label: `no space left in ${folder}`,
    victims: [folder],
    undo: { kind: KIND, file },
    apply() {
      const descriptor = openSync(file, "w");
      let bytes = 0;
      try {
        for (let size = CHUNK; size >= 1;) {
          try {
            bytes += writeSync(descriptor, Buffer.alloc(size));
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
            size = Math.floor(size / 16);
          }
        }
      } finally {
        closeSync(descriptor);
      }
      return Promise.resolve({ file, bytes });
    },
    witness: { label: `writing below ${folder}`, isInjected: () => look(true), isReverted: () => look(false) },
  };
}

export const diskUndo: UndoKind = {
  kind: KIND,
  undo(record) {
    rmSync(written(record["file"]), { force: true });
    return Promise.resolve();
  },
  byHand: ({ file }: UndoRecord) => `rm ${written(file)}`,
};

function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch (error) {
    throw new ActivityFailed(`${folder}: ${messageOf(error)}`);
  }
}
