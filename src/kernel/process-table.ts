import { readFileSync, readdirSync } from "node:fs";

/** A process of this machine, told from a later one with the same id by when it started. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot (Linux, proc(5) `starttime`); empty where the machine has no /proc. */
  readonly startTime: string;
}

/** The fields of proc(5) `stat` that follow the command name, from `state` on; empty for an unreadable line. */
export function statFields(stat: string): readonly string[] {
  // The command name stands in parentheses and may itself hold spaces and parentheses.
  const end = stat.lastIndexOf(")");
  return end < 0
    ? []
    : stat
        .slice(end + 2)
        .trim()
        .split(" ");
}

const PARENT = 1;
const SESSION = 3;
const START_TIME = 19;

/** `starttime` of a line of proc(5) `stat`; empty where it is not one. */
export function startTimeIn(stat: string): string {
  return statFields(stat)[START_TIME] ?? "";
}

/** What tells the process `pid`, which runs now, from later ones. */
export function identify(pid: number): ProcessIdentity {
  return { pid, startTime: readStat(pid)?.[START_TIME] ?? "" };
}

/** Whether that very process still runs; a zombie does not. Where there is no /proc, identity rests on the id alone. */
export function isRunning(identity: ProcessIdentity): boolean {
  if (process.platform !== "linux") return signalProcess(identity.pid, 0);
  const fields = readStat(identity.pid);
  if (fields === undefined || fields[0] === "Z" || fields[0] === "X") return false;
  return identity.startTime === "" || fields[START_TIME] === identity.startTime;
}

/** The one letter of proc(5) `state`: R, S, D, T (stopped), Z (zombie)…; undefined when there is none of that id. */
export function stateOf(pid: number): string | undefined {
  return readStat(pid)?.[0];
}

/** Sends a signal (0 only asks); false when there is no such process or it is not ours. A negative id means a process group. */
export function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Processes of session `sessionId` whose environment holds `tag` (`NAME=value`). Needs /proc; empty without. */
export function sessionMembers(sessionId: number, tag: string): readonly number[] {
  if (process.platform !== "linux") return [];
  const members: number[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || readStat(pid)?.[SESSION] !== String(sessionId)) continue;
    if (readProc(pid, "environ")?.split("\0").includes(tag) === true) members.push(pid);
  }
  return members;
}

/** The processes that `pid` has started, in the order of their ids, and what each was started with. Needs /proc; empty without. */
export function childrenOf(pid: number): readonly (ProcessIdentity & { readonly command: readonly string[] })[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc").flatMap((name) => {
    const child = Number(name);
    const stat = Number.isInteger(child) ? readStat(child) : undefined;
    if (stat?.[PARENT] !== String(pid) || stat[0] === "Z") return [];
    return [{ pid: child, startTime: stat[START_TIME] ?? "", command: readProc(child, "cmdline")?.split("\0") ?? [] }];
  });
}

function readStat(pid: number): readonly string[] | undefined {
  const stat = readProc(pid, "stat");
  return stat === undefined ? undefined : statFields(stat);
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return undefined;
  }
}
