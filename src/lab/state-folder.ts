import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError, messageOf } from "../kernel/index.ts";

const MARK = "holdfast-lab.json";

/** Where the lab keeps its files; everything it writes is below `root`. */
export interface StateFolder {
  readonly root: string;
  readonly kubeconfig: string;
  readonly storeFile: string;
  nodeFolder(node: string): string;
  configFile(part: string): string;
  logFile(part: string): string;
  /** Gives the folder back to the next lab; its logs stay to be read. */
  release(): void;
}

/**
 * Takes a folder for one lab: an empty or new one, or one that a lab left behind, which is emptied. Anything else is
 * refused, so that a mistyped path loses nothing.
 * @throws AppError LAB_STATE_IN_USE, LAB_STATE_FOREIGN, LAB_STATE_UNUSABLE
 */
export function takeStateFolder(root: string): StateFolder {
  const mark = join(root, MARK);
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    if (existsSync(mark)) {
      const { pid } = JSON.parse(readFileSync(mark, "utf8")) as { pid: number };
      if (pid !== 0 && isRunning(pid)) {
        throw new AppError(
          "LAB_STATE_IN_USE",
          `${root}: another lab (process ${pid}) uses this folder; give this one its own with --state DIR`,
        );
      }
      for (const entry of readdirSync(root)) rmSync(join(root, entry), { recursive: true, force: true });
    } else if (readdirSync(root).length > 0) {
      throw new AppError("LAB_STATE_FOREIGN", `${root}: is not empty and not a lab's folder; give --state a new or empty one`);
    }
    writeFileSync(mark, JSON.stringify({ pid: process.pid }));
    for (const folder of ["api", "config", "logs", "nodes"]) mkdirSync(join(root, folder), { recursive: true, mode: 0o700 });
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    throw new AppError(
      "LAB_STATE_UNUSABLE",
      `${root}: cannot be used as the lab's folder (${messageOf(thrown)}); give another with --state DIR`,
      { cause: thrown },
    );
  }
  return {
    root,
    kubeconfig: join(root, "kubeconfig"),
    storeFile: join(root, "api", "store.db"),
    nodeFolder: (node) => join(root, "nodes", node),
    configFile: (part) => join(root, "config", `${part}.json`),
    logFile: (part) => join(root, "logs", `${part}.log`),
    release: () => {
      writeFileSync(mark, JSON.stringify({ pid: 0 }));
    },
  };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}
