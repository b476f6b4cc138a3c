import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRunning, sleep } from "../../kernel/index.ts";
import { written } from "../document/json.ts";
import type { PreparedFault, Sight, UndoKind, UndoRecord } from "../fault/fault.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { type Victims, identityIn, objectsIn } from "./victims.ts";

const KIND = "resource/group";
const ROOT = "/sys/fs/cgroup";

/** A control group (version 1) that processes are moved into, and what is written to its files before. */
export interface Limit {
  readonly controller: "cpu" | "memory" | "freezer";
  readonly settings: Readonly<Record<string, string>>;
  /** Read back by the witness, each the first words of its content. */
  readonly kind: string;
  readonly label: string;
}

/** Throws `ActivityFailed` where this host has no such controller that we may use. */
export function prepareGroup({ controller, settings, kind, label }: Limit, { names, processes }: Victims): PreparedFault {
  const group = `holdfast-${randomBytes(6).toString("hex")}`;
  const folder = join(ROOT, controller, group);
  if (!existsSync(join(ROOT, controller, "cgroup.procs")))
    throw new ActivityFailed(
      `this host has no cgroup controller ${controller} of version 1 below ${ROOT}: holdfast doctor says what there is`,
    );
  const before = processes.map(({ pid, startTime }) => ({ pid, startTime, group: groupOf(pid, controller) }));
  const look = (isIn: boolean): Promise<Sight> => {
    const running = processes.filter((identity) => isRunning(identity));
    const inside = running.filter(({ pid }) => groupOf(pid, controller) === `/${group}`);
    const told = isIn ? Object.keys(settings).map((file) => `${file} ${read(join(folder, file))}`) : [];
    const isSet = !isIn || Object.entries(settings).every(([file, value]) => read(join(folder, file)) === value);
    return Promise.resolve({
      seen: isIn ? inside.length === running.length && running.length > 0 && isSet : inside.length === 0 && !existsSync(folder),
      evidence: `${inside.length} of ${running.length} processes are in ${folder}${told.map((text) => `, ${text}`).join("")}`,
    });
  };
  return {
    kind,
    label,
    victims: names,
    undo: { kind: KIND, controller, group, processes: before },
    apply() {
      mkdirSync(folder);
      for (const [file, value] of Object.entries(settings)) if (file !== "freezer.state") writeFileSync(join(folder, file), value);
      for (const { pid } of processes) moveTo(folder, pid);
      if (settings["freezer.state"] !== undefined) writeFileSync(join(folder, "freezer.state"), settings["freezer.state"]);
      return Promise.resolve({ group: folder, processes: processes.length });
    },
    witness: { label: `/proc/PID/cgroup, and ${folder}`, isInjected: () => look(true), isReverted: () => look(false) },
  };
}

/** Moves every process of the group back to where it was, those started meanwhile to where the first one was, and removes the group. */
export const groupUndo: UndoKind = {
  kind: KIND,
  async undo(record, { clock, signal }) {
    const controller = written(record["controller"]);
    const folder = join(ROOT, controller, written(record["group"]));
    const before = objectsIn(record["processes"]);
    for (let tries = 0; existsSync(folder); tries++) {
      if (existsSync(join(folder, "freezer.state"))) writeFileSync(join(folder, "freezer.state"), "THAWED");
      for (const pid of read(join(folder, "cgroup.procs")).split("\n").map(Number)) {
        if (!(pid > 0)) continue;
        const was = before.find((one) => one["pid"] === pid && isRunning(identityIn(one))) ?? before[0];
        moveTo(join(ROOT, controller, written(was?.["group"] ?? "/")), pid);
      }
      try {
        rmdirSync(folder);
      } catch (error) {
        // One that has just ended sits in it for a moment more.
        if (tries >= 20) throw error;
        await sleep(clock, 50, signal);
      }
    }
  },
  byHand: ({ controller, group }: UndoRecord) => {
    const folder = join(ROOT, written(controller), written(group));
    return `for p in $(cat ${folder}/cgroup.procs); do echo $p > ${ROOT}/${written(controller)}/cgroup.procs; done; rmdir ${folder}`;
  },
};

/** The group of a process, from the root of the controller's hierarchy; empty when it is gone. */
function groupOf(pid: number, controller: string): string {
  const lines = read(`/proc/${pid}/cgroup`).split("\n");
  return lines.map((line) => line.split(":")).find(([, names]) => names?.split(",").includes(controller) === true)?.[2] ?? "";
}

function moveTo(folder: string, pid: number): void {
  try {
    writeFileSync(join(folder, "cgroup.procs"), String(pid));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // It has ended.
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return "";
  }
}
