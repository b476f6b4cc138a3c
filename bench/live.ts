import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";

import { kinds } from "../src/kube/index.ts";
import { type BenchApiServer, startBenchApiServer } from "./api-server.ts";
import { PATHS, hostOf, ingressOf, serviceOf, sliceOf } from "./cluster-objects.ts";
import { type LiveRouter, type ProcessWork, startLiveRouter, whenServed } from "./live-router.ts";
import { median } from "./measure.ts";
import { type OpenLoopResult, openLoop } from "./open-loop.ts";
import { startBackend } from "./peers.ts";
import { Programs, hasProgram } from "./programs.ts";
import { cell, writeReport } from "./report.ts";

const USAGE = `How long a change takes until it is served, and what it costs those who are served meanwhile: a router on a cluster of N hosts with 3 paths.
npm run bench -- live [--hosts N] [--changes N] [--rate N] [--seconds N] [--json FILE|-]
  --changes  routes changed, one after the other
  --rate     requests per second while endpoints change, at random hosts`;

const ENDPOINT_CHANGES_PER_SECOND = 10;
const PAUSE_BETWEEN_CHANGES_MS = 1_200;

interface LiveResult {
  readonly hosts: number;
  readonly startMs: number;
  readonly liveMs: { readonly median: number; readonly min: number; readonly max: number };
  readonly rest: Phase;
  readonly routes: Phase;
  readonly loadAtRest: OpenLoopResult;
  readonly loadDuringChanges: OpenLoopResult;
  readonly endpoints: Phase;
}

interface Phase {
  readonly seconds: number;
  readonly worker: ProcessWork;
  readonly control: ProcessWork;
  readonly supervisor: ProcessWork;
}

/** From an object that changed to the first answer that shows it, and latency while endpoints come and go. */
export async function benchLive(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hosts: { type: "string", default: "10000" },
      changes: { type: "string", default: "10" },
      rate: { type: "string", default: "1000" },
      seconds: { type: "string", default: "10" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const numbers = [values.hosts, values.changes, values.rate, values.seconds].map(Number) as [number, number, number, number];
  const [hosts, changes, rate, seconds] = numbers;
  if (values.help || !numbers.every((value) => Number.isInteger(value) && value > 0)) {
    process.stdout.write(`${USAGE}\n`);
    return values.help ? 0 : 2;
  }
  if (!hasProgram("nginx")) {
    process.stderr.write("nothing was measured: nginx not found; apt-get install nginx\n");
    return 3;
  }
  const programs = new Programs();
  const api = await startBenchApiServer();
  try {
    const result = await measure(programs, api, { hosts, changes, rate, seconds });
    writeReport(linesOf(result, rate), result, values.json);
    return result.loadAtRest.bad + result.loadDuringChanges.bad === 0 ? 0 : 1;
  } finally {
    await programs.stop();
    await api.close();
  }
}

async function measure(
  programs: Programs,
  api: BenchApiServer,
  how: { readonly hosts: number; readonly changes: number; readonly rate: number; readonly seconds: number },
): Promise<LiveResult> {
  const { hosts, changes, rate, seconds } = how;
  const backendPort = await startBackend(programs);
  const all = Array.from({ length: hosts }, (_, at) => at);
  api.fill(
    kinds.ingresses,
    all.map((at) => ingressOf(at, 0, 1)),
  );
  api.fill(
    kinds.services,
    all.map((at) => serviceOf(at, 1)),
  );
  api.fill(
    kinds.endpointSlices,
    all.map((at) => sliceOf(at, ["127.0.0.1"], backendPort, 1)),
  );
  const startedAtMs = performance.now();
  const router = await startLiveRouter(programs, api.port, hosts * PATHS.length, 600_000);
  const startMs = performance.now() - startedAtMs;
  // What a start leaves behind (state that is written, compilation) is no part of what follows.
  await pause(8_000);
  await router.work();
  const rest = await phase(router, () => pause(3_000));
  const took: number[] = [];
  const routes = await phase(router, async () => {
    for (let change = 1; change <= changes; change++) {
      const at = Math.floor((change * hosts) / (changes + 1));
      const sentAtMs = api.modify(kinds.ingresses, (revision) => ingressOf(at, change, revision));
      took.push((await whenServed(router.port, hostOf(at), String(change), 120_000)) - sentAtMs);
      await pause(PAUSE_BETWEEN_CHANGES_MS);
    }
  });
  const load = {
    port: router.port,
    requestsPerSecond: rate,
    seconds,
    connections: 64,
    hosts: all.slice(0, 1_000).map((at) => hostOf(Math.floor((at * hosts) / Math.min(hosts, 1_000)))),
    paths: PATHS,
  };
  await openLoop({ ...load, seconds: 3 });
  const loadAtRest = await openLoop(load);
  let loadDuringChanges = loadAtRest;
  const endpoints = await phase(router, async () => {
    let turn = 0;
    const timer = setInterval(() => {
      const at = turn++ % hosts;
      const addresses = Math.floor((turn - 1) / hosts) % 2 === 0 ? ["127.0.0.1", "127.0.0.2"] : ["127.0.0.1"];
      api.modify(kinds.endpointSlices, (revision) => sliceOf(at, addresses, backendPort, revision));
    }, 1_000 / ENDPOINT_CHANGES_PER_SECOND);
    loadDuringChanges = await openLoop(load);
    clearInterval(timer);
  });
  const liveMs = { median: median(took), min: Math.min(...took), max: Math.max(...took) };
  return { hosts, startMs, liveMs, rest, routes, loadAtRest, loadDuringChanges, endpoints };
}

async function phase(router: LiveRouter, action: () => Promise<void>): Promise<Phase> {
  await router.work();
  const startedAtMs = performance.now();
  await action();
  const seconds = (performance.now() - startedAtMs) / 1_000;
  return { seconds, ...(await router.work()) };
}

function linesOf(result: LiveResult, rate: number): readonly string[] {
  const { hosts, startMs, liveMs } = result;
  const work = (name: string, { seconds, worker, control, supervisor }: Phase): string => {
    const pauses = [worker, control, supervisor].map(({ longestPauseMs }) => cell(longestPauseMs, 10));
    const shares = [worker, control, supervisor].map(({ cpuMs }) => cell(cpuMs / seconds / 10, 8));
    return `${name.padEnd(28)}${pauses.join("")}   ${shares.join("")}`;
  };
  const latency = (name: string, { p50, p99, p999, max, bad }: OpenLoopResult): string =>
    `${name.padEnd(28)}${[p50, p99, p999, max].map((value) => cell(value, 10, 2)).join("")}${cell(bad, 8, 0)}`;
  const { worker, control, supervisor } = result.endpoints;
  const resident = [worker, control, supervisor].map(({ rssBytes }) => cell(rssBytes / 1e6, 10, 0)).join("");
  return [
    `${hosts} hosts, ${hosts * PATHS.length} routes and their 404s; served ${(startMs / 1_000).toFixed(1)} s after the start, without a snapshot`,
    `one changed Ingress is served after, ms: median ${liveMs.median.toFixed(0)}, shortest ${liveMs.min.toFixed(0)}, longest ${liveMs.max.toFixed(0)}`,
    "",
    `${"".padEnd(28)}longest pause of the loop, ms     CPU, % of one core`,
    `${"".padEnd(28)}    worker   control supervis.     worker control supervis.`,
    work("at rest", result.rest),
    work("routes change, one by one", result.routes),
    work("10 endpoint changes/s, load", result.endpoints),
    `${"resident, MB".padEnd(28)}${resident}`,
    "",
    `${`${rate} requests/s, ms`.padEnd(28)}       p50       p99      p999       max     bad`,
    latency("at rest", result.loadAtRest),
    latency("10 endpoint changes/s", result.loadDuringChanges),
  ];
}
