import { open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Replaces `path` with `text` so that after a crash at any moment there is the old file or the new one, whole: written beside it,
 * flushed, renamed over it, and the folder flushed so that the rename itself is on disk. On failure the old file stays and the
 * half-written one is taken away. Throws what the file system threw.
 */
export async function writeDurably(path: string, text: string): Promise<void> {
  const temporary = temporaryName(dirname(path));
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
  await syncFolder(dirname(path));
}

/** After it the names of a folder are on disk. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** For a write that is not finished. */
export function temporaryName(folder: string): string {
  return join(folder, `.writing-${process.pid}-${nextName++}`);
}

/** Distinguishes the temporary files of writes under way at once in this process. */
let nextName = 0;

/** Whether a name in a folder is a write that was never finished. */
export function isUnfinishedWrite(name: string): boolean {
  return name.startsWith(".writing-");
}
