import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { AppError, type Clock } from "../../kernel/index.ts";
import { Components, type Faults, type Lab, type LabResult, type Stage, sentence } from "../../lab/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { type ConsoleSnapshot, type ExperimentView, TIMELINE_LIMIT, type VerdictView } from "../contract.ts";
import { createConsoleServer } from "../server/server.ts";
import { labActions } from "./actions.ts";
import { ExperimentWatch, experimentFaults } from "./experiment.ts";
import { heldViews } from "./held.ts";
import { Rates, laneView } from "./lanes.ts";
import { isHeldByRouters, loadBalancerViews } from "./load-balancers.ts";
import { nodeViews } from "./nodes.ts";
import { partView } from "./processes.ts";
import { RouteMemory } from "./routes.ts";

export interface ConsoleHandle {
  readonly url: string;
  /** What a change must carry, in the header x-holdfast-token. */
  readonly token: string;
  showVerdict(result: LabResult): void;
  /** Serves a connection that came another way than to `url`. */
  readonly accept: (socket: Socket) => void;
  close(): Promise<void>;
}

export interface LabConsoleOptions {
  readonly lab: Lab;
  readonly faults: Faults;
  readonly stage: Stage;
  readonly scenario: string;
  /** On 127.0.0.1; 0 takes a free one. */
  readonly port: number;
}

/** Serves the console of a lab. @throws AppError CONSOLE_LISTEN, CONSOLE_NOT_BUILT */
export async function openLabConsole(
  options: LabConsoleOptions,
  deps: { readonly clock: Clock; readonly log: Log },
): Promise<ConsoleHandle> {
  const { lab, faults, stage } = options;
  const root = new URL("../../..", import.meta.url).pathname;
  const uiDirectory = join(root, "dist", "console");
  if (!existsSync(join(uiDirectory, "index.html"))) {
    const built = spawnSync(process.execPath, [join(root, "scripts", "build-console.ts")], { cwd: root, encoding: "utf8" });
    if (built.status !== 0)
      throw new AppError("CONSOLE_NOT_BUILT", `the console's page could not be built: run 'npm run build:console' in ${root} to see why`);
  }
  let verdict: VerdictView | null = null;
  const rates = new Rates();
  const memory = new RouteMemory();
  const experiments = new ExperimentWatch(join(lab.plan.folder.root, "experiments"));
  const server = createConsoleServer(
    {
      listen: { port: options.port },
      uiDirectory,
      snapshot: () => snapshotOf(options, deps.clock.wallMs(), { rates, memory, verdict, experiment: experiments.view() }),
      actions: labActions(lab, faults, () => verdict === null && stage.phases.length > 0),
      components: new Components(lab),
    },
    deps,
  );
  const { url, token } = await server.start();
  return {
    url,
    token,
    showVerdict: (result) => {
      verdict = { outcome: result.verdict, sentence: sentence(result) };
    },
    accept: (socket) => server.accept(socket),
    close: () => server.close(),
  };
}

interface Remembered {
  readonly rates: Rates;
  readonly memory: RouteMemory;
  readonly verdict: VerdictView | null;
  readonly experiment: ExperimentView | null;
}

function snapshotOf(
  { lab, faults, stage, scenario }: LabConsoleOptions,
  nowMs: number,
  { rates, memory, verdict, experiment }: Remembered,
): ConsoleSnapshot {
  const { startedAtMs } = stage;
  const seconds = (atMs: number): number => Math.round((atMs - startedAtMs) / 100) / 10;
  const heldRows = heldViews(lab, startedAtMs);
  // What a controller of load balancers holds keeps its load balancer, not a route.
  const { routes, total } = memory.view(lab, heldRows.filter(isHeldByRouters));
  const { lastExit, memory: api } = apiServer(lab);
  return {
    takenAtMs: nowMs,
    scenario: {
      name: scenario,
      startedAtMs,
      tSeconds: seconds(nowMs),
      phases: stage.phases.map((phase) => ({
        id: phase.id,
        label: phase.label,
        state: phase.startedAtMs === undefined ? "pending" : phase.endedAtMs === undefined ? "running" : "done",
        startedAtSeconds: phase.startedAtMs === undefined ? null : seconds(phase.startedAtMs),
        endedAtSeconds: phase.endedAtMs === undefined ? null : seconds(phase.endedAtMs),
      })),
      verdict,
    },
    controlPlane: {
      apiServer: {
        ...partView(lab.parts.get("apiserver").state, nowMs),
        heapUsedBytes: api?.heapUsedBytes ?? null,
        heapLimitBytes: api?.heapLimitBytes ?? null,
        kills: lab.parts.apiServerKills,
        lastExit,
        pods: lab.observatory.objectCount("pods") ?? null,
        pendingPods: lab.observatory.pendingPods() ?? null,
      },
      store: { ...partView(lab.parts.get("apiserver").state, nowMs), objects: null, sizeBytes: sizeOf(lab.plan.folder.storeFile) },
      scheduler: partView(lab.parts.get("scheduler").state, nowMs),
      controllers: partView(lab.parts.get("controllers").state, nowMs),
    },
    lanes: lab.plan.fleets.map((fleet) => laneView(lab, fleet.policy, startedAtMs, nowMs, rates)),
    loadBalancers: loadBalancerViews(lab),
    nodes: nodeViews(lab, nowMs),
    routes,
    routesTotal: total,
    held: heldRows,
    timeline: lab.timeline.entries.slice(-TIMELINE_LIMIT).map((entry) => ({
      id: String(entry.id),
      tSeconds: seconds(entry.atMs),
      event: entry.event,
      cause: entry.cause,
      tone: entry.tone,
      policy: entry.policy,
    })),
    experiment,
    faults: [
      ...experimentFaults(experiment, seconds),
      ...faults.ledger.all.map((fault) => ({
        id: fault.id,
        kind: fault.kind,
        label: fault.label,
        startedAtSeconds: seconds(fault.startedAtMs),
        endedAtSeconds: fault.endedAtMs === undefined ? null : seconds(fault.endedAtMs),
        ...putBackOf(fault.id),
      })),
    ],
  };
}

/** While it is down its last reading is old: its memory is then unknown, not what it was. */
function apiServer(lab: Lab): {
  readonly lastExit: string | null;
  readonly memory: { heapUsedBytes: number; heapLimitBytes: number } | undefined;
} {
  const reading = lab.observatory.apiServer();
  const isUp = lab.parts.get("apiserver").state.state === "running";
  return { lastExit: lab.parts.apiServerLastExit, memory: isUp ? reading.value : undefined };
}

function putBackOf(id: string): { readonly putBackAction: string | null; readonly putBackTarget: string | null } {
  if (id.startsWith("zone/")) return { putBackAction: "restore-zone", putBackTarget: id.slice("zone/".length) };
  if (id.startsWith("node/")) return { putBackAction: "start-node", putBackTarget: id.slice("node/".length) };
  const actions: Readonly<Record<string, string>> = { flood: "remove-flood", "api-server": "start-api-server", sale: "remove-route" };
  return { putBackAction: actions[id] ?? null, putBackTarget: null };
}

function sizeOf(file: string): number | null {
  try {
    return statSync(file).size;
  } catch {
    return null;
  }
}
