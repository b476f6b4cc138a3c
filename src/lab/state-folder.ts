import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError, type ProcessIdentity, identify, isRecord, isRunning, makeFolder, messageOf } from "../kernel/index.ts";

const MARK = "holdfast-lab.json";

/** Stands in the mark where a process id would be once the lab is over. */
const LEFT = 0;

/** Where the lab keeps its files; everything it writes is below `root`. */
export interface StateFolder {
  readonly root: string;
  readonly kubeconfig: string;
  /** The shell's variables for the lab's AWS. */
  readonly awsEnvironment: string;
  /** Tells programs how to reach the lab, while it serves. */
  readonly handle: string;
  /** Of what the load balancers prove of themselves. */
  readonly certificateFile: string;
  readonly storeFile: string;
  /** Where the lab's AWS keeps its account, and the load balancers' host what it hosts. */
  readonly accountFile: string;
  readonly loadBalancersFile: string;
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
    makeFolder(root);
    if (existsSync(mark)) {
      refuseUnlessLeft(root, mark);
      for (const entry of readdirSync(root)) rmSync(join(root, entry), { recursive: true, force: true });
    } else if (readdirSync(root).length > 0) {
      throw new AppError("LAB_STATE_FOREIGN", `${root}: is not empty and not a lab's folder; give --state a new or empty one`);
    }
    writeFileSync(mark, JSON.stringify(identify(process.pid)));
    for (const folder of ["api", "aws", "config", "logs", "nodes"]) makeFolder(join(root, folder));
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
    awsEnvironment: join(root, "aws.env"),
    handle: join(root, "lab.json"),
    certificateFile: join(root, "load-balancers.crt"),
    storeFile: join(root, "api", "store.db"),
    accountFile: join(root, "aws", "account.json"),
    loadBalancersFile: join(root, "aws", "load-balancers.json"),
    nodeFolder: (node) => join(root, "nodes", node),
    configFile: (part) => join(root, "config", `${part}.json`),
    logFile: (part) => join(root, "logs", `${part}.log`),
    release: () => {
      rmSync(join(root, "lab.json"), { force: true });
      writeFileSync(mark, JSON.stringify({ pid: LEFT, startTime: "" }));
    },
  };
}

/** Throws where a lab runs in the folder, or where what stands there does not say that a lab left it. */
function refuseUnlessLeft(root: string, mark: string): void {
  const owner = readMark(mark);
  if (owner === undefined) {
    throw new AppError(
      "LAB_STATE_FOREIGN",
      `${root}: ${MARK} in it was not written by a lab; give --state a new or empty folder, or remove this one`,
    );
  }
  if (owner.pid !== LEFT && isRunning(owner))
    throw new AppError(
      "LAB_STATE_IN_USE",
      `${root}: another lab (process ${owner.pid}) uses this folder; give this one its own with --state DIR`,
    );
}

function readMark(mark: string): ProcessIdentity | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(mark, "utf8"));
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
  if (!isRecord(value)) return undefined;
  const { pid, startTime = "" } = value;
  const isPid = typeof pid === "number" && Number.isInteger(pid) && pid >= 0;
  return isPid && typeof startTime === "string" ? { pid, startTime } : undefined;
}
