import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  AppError,
  type Clock,
  type ProcessIdentity,
  isRunning,
  messageOf,
  sessionMembers,
  signalProcess,
  sleep,
  startTimeIn,
} from "../../kernel/index.ts";

/** How a container's process ended. */
export interface ContainerExit {
  /** 0 to 255; 128 + the signal's number when a signal ended it. 137 when nobody saw how it ended. */
  readonly exitCode: number;
  /** False when the exit code is an assumption, because what watched the process is gone too. */
  readonly known: boolean;
  readonly finishedAtMs: number;
}

export interface ContainerCommand {
  /** Program and arguments; the program is searched in `env.PATH`. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
}

/** A running container: one process group in a session of its own. It outlives the kubelet that started it. */
export interface ContainerProcess {
  /** Of the container's main process. */
  readonly pid: number;
  /** Settles when the main process has ended and what it left in its group was killed. Never rejects. */
  readonly exited: Promise<ContainerExit>;
  /** Signals the main process alone, as a container runtime does. */
  signal(signal: NodeJS.Signals): void;
  /** Kills the whole process group. */
  kill(): void;
  /** Stops watching; the container runs on. What a kubelet that is killed would do, for tests. */
  detach(): void;
}

// What containerd's shim is to a real kubelet: it stays when the kubelet dies and keeps the exit code for the next one. One
// shell process per container costs about 1 MB and 2 ms. Traps, not ignored signals: the latter would be inherited.
// $1: folder of this attempt; the rest: the command. `wait` also returns for a trapped signal, hence the loop.
const SHIM = `
trap : TERM INT HUP PIPE USR1 USR2
dir=$1; shift
"$@" >>"$dir/log" 2>&1 3>&- &
child=$!
read -r mine </proc/$$/stat
read -r its </proc/$child/stat
printf '%s\\n' "$$ $child" "$mine" "$its" >"$dir/pid"
echo started >&3
exec 3>&-
while :; do
  wait $child; code=$?
  kill -0 $child || break
done
echo $code >"$dir/exit"
`;

/** In the environment of every container's processes: the folder of its attempt. A process that carries it is that container's. */
const TAG = "HOLDFAST_CONTAINER_DIR";
const ADOPTED_POLL_MS = 100;

/**
 * Starts a container's process. `attemptDir` (made here) gets `log` (standard output and error), `pid` and, in the end,
 * `exit`; a later kubelet finds the container again by them ({@link adoptContainer}).
 * @throws AppError KUBELET_START_FAILED when the process cannot be made at all (limits, no memory, no folder). A program
 * that does not exist is an exit with code 127.
 */
export async function startContainer(attemptDir: string, command: ContainerCommand, clock: Clock): Promise<ContainerProcess> {
  try {
    mkdirSync(attemptDir, { recursive: true });
    closeSync(openSync(join(attemptDir, "log"), "a"));
    const child = spawn("/bin/sh", ["-c", SHIM, "holdfast-shim", attemptDir, ...command.argv], {
      cwd: command.workingDir,
      env: { ...command.env, [TAG]: attemptDir },
      detached: true,
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    const shimExited = new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
    });
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", () => resolve());
      child.stdio[3]?.once("data", () => resolve());
    });
    // The kubelet's life does not hang on its containers'.
    child.unref();
    const found = readPidFile(attemptDir);
    if (found === undefined) throw new Error("the shim did not start the program");
    return watchContainer(attemptDir, found, shimExited, clock);
  } catch (error) {
    const program = command.argv[0] ?? "(no command)";
    throw new AppError("KUBELET_START_FAILED", `cannot start ${program} in ${attemptDir}: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * A container that an earlier kubelet started in `attemptDir`: running still, or ended meanwhile (its exit settles at
 * once). Undefined when none was ever started there.
 */
export function adoptContainer(attemptDir: string, clock: Clock): ContainerProcess | undefined {
  const found = readPidFile(attemptDir);
  if (found === undefined) return undefined;
  const ended = async (): Promise<void> => {
    while (!existsSync(join(attemptDir, "exit")) && isRunning(found.shim)) await sleep(clock, ADOPTED_POLL_MS);
  };
  return watchContainer(attemptDir, found, ended(), clock);
}

interface Found {
  readonly shim: ProcessIdentity;
  readonly main: ProcessIdentity;
}

function watchContainer(attemptDir: string, found: Found, shimEnded: Promise<void>, clock: Clock): ContainerProcess {
  const detached = new AbortController();
  let killed = false;
  const watch = async (): Promise<ContainerExit> => {
    await shimEnded;
    // Someone may have killed the shim alone: the container has ended when its main process has.
    while (!detached.signal.aborted && isRunning(found.main)) await sleep(clock, ADOPTED_POLL_MS, detached.signal);
    if (!detached.signal.aborted) killGroup(found, attemptDir);
    return readExit(attemptDir, killed, clock);
  };
  return {
    pid: found.main.pid,
    exited: watch(),
    signal(signal) {
      if (isRunning(found.main)) signalProcess(found.main.pid, signal);
    },
    kill() {
      killed = true;
      killGroup(found, attemptDir);
    },
    detach() {
      detached.abort();
    },
  };
}

/** Kills what is left of a container, and never a stranger that got one of its ids since. */
function killGroup(found: Found, attemptDir: string): void {
  if (isRunning(found.main) || (isRunning(found.shim) && !existsSync(join(attemptDir, "exit")))) {
    signalProcess(-found.shim.pid, "SIGKILL");
  } else if (signalProcess(-found.shim.pid, 0)) {
    for (const pid of sessionMembers(found.shim.pid, `${TAG}=${attemptDir}`)) signalProcess(pid, "SIGKILL");
  }
}

/** Who runs in the folder of an attempt; undefined when none was ever started there. */
export function readPidFile(attemptDir: string): Found | undefined {
  const [pids, shimStat, mainStat] = readText(join(attemptDir, "pid")).split("\n");
  const [shimPid, mainPid] = (pids ?? "").split(" ").map(Number);
  if (shimPid === undefined || mainPid === undefined || !(shimPid > 1) || !(mainPid > 1)) return undefined;
  return {
    shim: { pid: shimPid, startTime: startTimeIn(shimStat ?? "") },
    main: { pid: mainPid, startTime: startTimeIn(mainStat ?? "") },
  };
}

function readExit(attemptDir: string, killed: boolean, clock: Clock): ContainerExit {
  const file = join(attemptDir, "exit");
  const code = Number.parseInt(readText(file), 10);
  if (!(code >= 0 && code <= 255)) return { exitCode: 137, known: killed, finishedAtMs: clock.wallMs() };
  return { exitCode: code, known: true, finishedAtMs: Math.round(statSync(file).mtimeMs) };
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
