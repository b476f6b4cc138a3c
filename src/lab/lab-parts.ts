import { AppError, type Clock } from "../kernel/index.ts";
import type { Log } from "../telemetry/index.ts";
import { LAB_TIME, START_TIMEOUT_MS } from "./options.ts";
import { awsAccess, awsConfig } from "./machines/account.ts";
import { type LabPlan, albConfig, apiServerConfig, apiServerUrl } from "./part-configs.ts";
import { type MemoryCgroup, makeMemoryCgroup } from "./process/memory-cgroup.ts";
import { type PartEvent, PartProcess } from "./process/part-process.ts";
import type { Timeline } from "./timeline.ts";

interface PartDescription {
  readonly name: string;
  readonly config: unknown;
  /** Where it stands: the control plane has machines of its own in a real cluster. Here it yields the processor to the nodes. */
  readonly place: "control-plane" | "beside";
}

const PLACES = {
  "control-plane": { niceness: 5, backoffMs: { first: 2_000, longest: 10_000 } },
  beside: { niceness: 0, backoffMs: { first: 500, longest: 4_000 } },
} as const;

/** What the others need. */
const FIRST: readonly string[] = ["apiserver", "aws"];

/** The processes of a lab, and the memory that its API server may use. What happens to them is told on the timeline. */
export class LabParts {
  readonly #plan: LabPlan;
  readonly #timeline: Timeline;
  readonly #parts = new Map<string, PartProcess>();
  readonly #deps: { readonly clock: Clock; readonly log: Log };
  readonly #memory: MemoryCgroup | undefined;
  #apiServerKills = 0;
  #apiServerLastExit: string | null = null;

  constructor(plan: LabPlan, deps: { readonly clock: Clock; readonly log: Log; readonly timeline: Timeline }) {
    this.#plan = plan;
    this.#timeline = deps.timeline;
    this.#memory = makeMemoryCgroup(`holdfast-lab-${plan.network.block}`, cgroupLimitBytes(plan.options.apiServerHeapMb));
    this.#deps = deps;
    for (const description of describeParts(plan)) this.add(description);
  }

  /** The API server's deaths by its memory limit. */
  get apiServerKills(): number {
    return this.#apiServerKills;
  }

  /** What ended it last; null while it never died. */
  get apiServerLastExit(): string | null {
    return this.#apiServerLastExit;
  }

  get all(): readonly PartProcess[] {
    return [...this.#parts.values()];
  }

  /** @throws AppError LAB_NO_SUCH_PART */
  get(name: string): PartProcess {
    const part = this.#parts.get(name);
    if (part === undefined)
      throw new AppError("LAB_NO_SUCH_PART", `the lab has no part ${name}; it has ${[...this.#parts.keys()].join(", ")}`);
    return part;
  }

  /** A part more, in place of the one of its name; does not start it. `place` says whether it yields the processor to others. */
  add({ name, config, place }: PartDescription): PartProcess {
    const part = new PartProcess(
      {
        name,
        config,
        ...PLACES[place],
        argv: this.#argvOf(name, name === "apiserver" ? this.#plan.options.apiServerHeapMb : 0),
        configFile: this.#plan.folder.configFile(name),
        logFile: this.#plan.folder.logFile(name),
        stopTimeoutMs: 20_000,
        ...(name === "apiserver" ? { onSpawn: (pid: number) => this.#memory?.take(pid) } : {}),
      },
      { ...this.#deps, report: (event) => this.#onEvent(event) },
    );
    this.#parts.set(name, part);
    return part;
  }

  /** Forgets a part that was stopped. */
  remove(name: string): void {
    this.#parts.delete(name);
  }

  /** Starts the API server and AWS. @throws AppError LAB_PART_FAILED */
  async startFirst(): Promise<void> {
    await Promise.all(FIRST.map((name) => this.get(name).start(START_TIMEOUT_MS)));
  }

  /** Starts the rest of what is there always. @throws AppError LAB_PART_FAILED */
  async startOthers(): Promise<void> {
    const others = [...describeParts(this.#plan)].filter(({ name }) => !FIRST.includes(name));
    await Promise.all(others.map(({ name }) => this.get(name).start(START_TIMEOUT_MS)));
  }

  /** A machine with more memory for the API server, from its next start on. */
  growApiServer(heapMb: number): void {
    this.get("apiserver").setArgv(this.#argvOf("apiserver", heapMb));
    this.#memory?.setLimit(cgroupLimitBytes(heapMb));
  }

  /** Ends every process, what asks first and what serves last. */
  async stop(): Promise<void> {
    await this.#parts.get("load")?.stop();
    await Promise.all([...this.#parts.values()].map((part) => part.stop()));
    this.#memory?.remove();
  }

  /** Node's arguments for a part (`kubelet-node-1` is a `kubelet`); `heapMb` 0 leaves V8's limit alone. */
  #argvOf(name: string, heapMb: number): readonly string[] {
    const program = name.split("-", 1).join("");
    // The young generation counts, too; left alone it would be larger than the limit.
    const limits = heapMb > 0 ? [`--max-old-space-size=${heapMb}`, "--max-semi-space-size=8"] : [];
    return [...limits, this.#plan.options.partEntry, program];
  }

  #onEvent(event: PartEvent): void {
    if (event.type === "exited") {
      if (event.part === "apiserver" && !event.asked) {
        this.#apiServerKills += 1;
        this.#apiServerLastExit = event.reason;
        this.#timeline.add({ event: `API server killed (${event.reason})`, cause: null, tone: "alarm", policy: null });
      } else if (!event.asked) {
        this.#timeline.add({ event: `${event.part} died (${event.reason})`, cause: null, tone: "warning", policy: null });
      }
    } else if (event.part === "apiserver" && event.starts > 1) {
      this.#timeline.add({ event: "API server is back", cause: null, tone: "plain", policy: null });
    }
  }
}

/** What is there from the beginning to the end; nodes and the load come and go. */
function* describeParts(plan: LabPlan): Generator<PartDescription> {
  const api = { server: apiServerUrl(plan) };
  yield { name: "apiserver", config: apiServerConfig(plan), place: "control-plane" };
  yield { name: "aws", config: awsConfig(plan), place: "beside" };
  yield { name: "scheduler", config: { api: { ...api, token: plan.credentials.scheduler } }, place: "control-plane" };
  const controllers = {
    api: { ...api, token: plan.credentials.controllers },
    minuteMs: LAB_TIME.cronMinuteMs,
    nodeGracePeriodMs: LAB_TIME.nodeGraceMs,
    nodeMonitorPeriodMs: 1_000,
    evictionMs: LAB_TIME.evictionMs,
    cloud: awsAccess(plan),
  };
  yield { name: "controllers", config: controllers, place: "control-plane" };
  yield { name: "alb", config: albConfig(plan), place: "beside" };
}

/** What the kernel allows a process whose heap may be so large: buffers and V8's own memory come on top of the heap. */
function cgroupLimitBytes(heapMb: number): number {
  return (heapMb * 2 + 192) * 1024 * 1024;
}
