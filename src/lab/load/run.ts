import { monitorEventLoopDelay } from "node:perf_hooks";
import { AppError, systemClock, systemRandom } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { serveUntil, startControlServer, type ControlRoute } from "../control/index.ts";
import { parseKillNotice, parseLoadConfig, parseLoadHost } from "./config.ts";
import { OpenLoop, type OpenLoopState } from "./open-loop.ts";

/** What `GET /state` of the control API answers. */
export interface LoadState {
  /** When it was read, Unix milliseconds. */
  readonly atMs: number;
  /** The longest the generator's own event loop stood still. */
  readonly eventLoopDelayMaxMs: number;
  readonly targets: readonly OpenLoopState[];
}

/**
 * The lab part `load`: runs the open loops from its start until `signal` aborts. Writes the line `ready` once they run.
 * `config` is a `LoadConfig` as JSON.
 * @throws AppError LOAD_BAD_CONFIG, CONTROL_LISTEN, CONTROL_NOT_LOOPBACK
 */
export async function runLoad(config: unknown, deps: { readonly log: Log; readonly signal: AbortSignal }): Promise<void> {
  const parsed = parseLoadConfig(config);
  const loops = new Map(
    parsed.targets.map((target) => [target.policy, new OpenLoop(target, { clock: systemClock, random: systemRandom })]),
  );
  const control = await startControlServer(parsed.control, controlRoutes(loops), deps.log);
  try {
    for (const loop of loops.values()) loop.start();
    await serveUntil(deps.signal);
  } finally {
    for (const loop of loops.values()) loop.close();
    await control.close();
  }
}

function controlRoutes(loops: ReadonlyMap<string, OpenLoop>): readonly ControlRoute[] {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const readState = (since: ReadonlyMap<string, number>): LoadState => ({
    atMs: systemClock.wallMs(),
    eventLoopDelayMaxMs: delay.max / 1_000_000,
    targets: [...loops].map(([policy, loop]) => loop.state(since.get(policy) ?? 0)),
  });
  return [
    {
      // ?since.POLICY=N for each policy: the series from second N on.
      method: "GET",
      path: "/state",
      handle: ({ query }) => readState(new Map([...loops.keys()].map((policy) => [policy, readSince(query.get(`since.${policy}`))]))),
    },
    {
      method: "POST",
      path: "/kill-notice",
      handle: ({ body }) => {
        const notice = parseKillNotice(body);
        return { lostInFlightAtKill: Object.fromEntries([...loops].map(([policy, loop]) => [policy, loop.noteKill(notice)])) };
      },
    },
    {
      method: "POST",
      path: "/hosts",
      handle: ({ body }) => {
        const host = parseLoadHost(body);
        for (const loop of loops.values()) loop.addHost(host);
      },
    },
    {
      method: "POST",
      path: "/reset",
      handle: () => {
        delay.reset();
        for (const loop of loops.values()) loop.reset();
      },
    },
    {
      method: "POST",
      path: "/stop",
      handle: async () => {
        await Promise.all([...loops.values()].map((loop) => loop.stop()));
        return readState(new Map());
      },
    },
  ];
}

function readSince(text: string | null): number {
  const since = Number(text ?? 0);
  if (!Number.isInteger(since) || since < 0)
    throw new AppError("LOAD_BAD_REQUEST", `since: must be a whole number of seconds, is ${text ?? ""}`);
  return since;
}
