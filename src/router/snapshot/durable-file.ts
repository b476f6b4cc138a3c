import { open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Replaces `path` with `text` so that after a crash at any moment there is the old file or the new one, whole: written beside it,
 * flushed, renamed over it, and the folder flushed so that the rename itself is on disk. On failure the old file stays and the
 * half-written one is taken away. Throws what the file system threw.
 */
export async function writeDurably(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.writing-${process.pid}-${nextName++}`);
  try {
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Distinguishes the temporary files of writes under way at once in this process. */
let nextName = 0;

/** Whether a name in a snapshot folder is a write that was never finished. */
export function isUnfinishedWrite(name: string): boolean {
  return name.startsWith(".writing-");
}
