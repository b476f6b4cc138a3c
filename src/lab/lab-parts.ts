import { AppError, type Clock } from "../kernel/index.ts";
import type { Log } from "../telemetry/index.ts";
import { LAB_TIME, START_TIMEOUT_MS } from "./options.ts";
import { type LabPlan, albConfig, apiServerConfig, apiServerUrl, kubeletConfig, loadConfig, nodeName } from "./part-configs.ts";
import { type MemoryCgroup, makeMemoryCgroup } from "./process/memory-cgroup.ts";
import { type PartEvent, PartProcess } from "./process/part-process.ts";
import type { Timeline } from "./timeline.ts";

interface PartDescription {
  readonly name: string;
  readonly config: unknown;
  readonly niceness: number;
  readonly backoffMs: { readonly first: number; readonly longest: number };
}

/** The processes of a lab, and the memory that its API server may use. What happens to them is told on the timeline. */
export class LabParts {
  readonly #plan: LabPlan;
  readonly #timeline: Timeline;
  readonly #parts: ReadonlyMap<string, PartProcess>;
  readonly #memory: MemoryCgroup | undefined;
  #apiServerKills = 0;
  #apiServerLastExit: string | null = null;

  constructor(plan: LabPlan, deps: { readonly clock: Clock; readonly log: Log; readonly timeline: Timeline }) {
    this.#plan = plan;
    this.#timeline = deps.timeline;
    this.#memory = makeMemoryCgroup(`holdfast-lab-${plan.network.block}`, cgroupLimitBytes(plan.options.apiServerHeapMb));
    this.#parts = new Map(
      [...describeParts(plan)].map(({ name, ...options }) => [
        name,
        new PartProcess(
          {
            name,
            ...options,
            argv: this.#argvOf(name, name === "apiserver" ? plan.options.apiServerHeapMb : 0),
            configFile: plan.folder.configFile(name),
            logFile: plan.folder.logFile(name),
            stopTimeoutMs: 20_000,
            ...(name === "apiserver" ? { onSpawn: (pid: number) => this.#memory?.take(pid) } : {}),
          },
          { clock: deps.clock, log: deps.log, report: (event) => this.#onEvent(event) },
        ),
      ]),
    );
  }

  /** The API server's deaths by its memory limit. */
  get apiServerKills(): number {
    return this.#apiServerKills;
  }

  /** What ended it last; null while it never died. */
  get apiServerLastExit(): string | null {
    return this.#apiServerLastExit;
  }

  /** @throws AppError LAB_NO_SUCH_PART */
  get(name: string): PartProcess {
    const part = this.#parts.get(name);
    if (part === undefined)
      throw new AppError("LAB_NO_SUCH_PART", `the lab has no part ${name}; it has ${[...this.#parts.keys()].join(", ")}`);
    return part;
  }

  /** Starts all but the load and the API server. @throws AppError LAB_PART_FAILED */
  async startOthers(): Promise<void> {
    const others = [...this.#parts.values()].filter((part) => part.name !== "load" && part.name !== "apiserver");
    await Promise.all(others.map((part) => part.start(START_TIMEOUT_MS)));
  }

  /** A machine with more memory for the API server, from its next start on. */
  growApiServer(heapMb: number): void {
    this.get("apiserver").setArgv(this.#argvOf("apiserver", heapMb));
    this.#memory?.setLimit(cgroupLimitBytes(heapMb));
  }

  /** Ends every process, what asks first and what serves last. */
  async stop(): Promise<void> {
    await this.#parts.get("load")?.stop();
    const rest = [...this.#parts.values()].filter((part) => part.name !== "load");
    await Promise.all(rest.map((part) => part.stop()));
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

function* describeParts(plan: LabPlan): Generator<PartDescription> {
  // The control plane has a machine of its own in a real cluster: here it yields the processor to the nodes.
  const controlPlane = { niceness: 5, backoffMs: { first: 2_000, longest: 10_000 } };
  const node = { niceness: 0, backoffMs: { first: 500, longest: 4_000 } };
  yield { name: "apiserver", config: apiServerConfig(plan), ...controlPlane };
  const api = { server: apiServerUrl(plan) };
  yield { name: "scheduler", config: { api: { ...api, token: plan.credentials.scheduler } }, ...controlPlane };
  const controllers = {
    api: { ...api, token: plan.credentials.controllers },
    minuteMs: LAB_TIME.cronMinuteMs,
    nodeGracePeriodMs: LAB_TIME.nodeGraceMs,
    nodeMonitorPeriodMs: 1_000,
    evictionMs: LAB_TIME.evictionMs,
  };
  yield { name: "controllers", config: controllers, ...controlPlane };
  for (let at = 1; at <= plan.options.nodes; at++) yield { name: `kubelet-${nodeName(at)}`, config: kubeletConfig(plan, at), ...node };
  for (const [at, fleet] of plan.fleets.entries()) yield { name: `alb-${fleet.policy}`, config: albConfig(plan, fleet, at), ...node };
  yield { name: "load", config: loadConfig(plan), ...node };
}

/** What the kernel allows a process whose heap may be so large: buffers and V8's own memory come on top of the heap. */
function cgroupLimitBytes(heapMb: number): number {
  return (heapMb * 2 + 192) * 1024 * 1024;
}
