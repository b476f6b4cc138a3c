import { closeSync, fsyncSync, openSync } from "node:fs";

/** After it the names of a folder are on disk. */
export function syncFolderNow(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
