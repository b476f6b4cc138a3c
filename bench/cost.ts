import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { PEER_PROGRAMS, type PeerProgram, findPeer, versionOf } from "./find-peer.ts";
import { type LatencyRate, type PeerLatency, measureLatency, rateText, readRate } from "./latency.ts";
import { type Burst, burst, median } from "./measure.ts";
import { type Peer, type Scenario, startBackend, startPeer, startProxyAlone, startRouter } from "./peers.ts";
import { pictureOf } from "./picture.ts";
import { Programs, hasProgram } from "./programs.ts";
import { cell, writeReport } from "./report.ts";

const USAGE = `CPU per request of the router beside others, in alternating bursts of wrk (64 connections, ten header fields); then latency at a fixed rate.
npm run bench -- [--peers haproxy,nginx,envoy,caddy] [--peer skipper=BINARY] [--scenario plain|real] [--seconds N] [--rounds N] [--connections N]
                 [--rate N|N%] [--alone] [--logs] [--traces] [--json FILE|-] [--picture FILE] [--at-most RATIO]
  --peers          which to measure; those that are not there are installed, downloaded or built where that can be done
  --peer           NAME=BINARY, a binary of your own; may be repeated
  --scenario real  a rate limit of each client, two header fields set, two back ends 4 to 1, a JSON access log; without it one route and nothing else
  --rate N         also p50, p99 and p99.9 at N requests per second, whether or not answers come (0: not measured); 50%: at half of what each
                   peer did in the bursts
  --alone          also the data plane without supervisor and control process
  --logs           also the router with an access log, in each form
  --traces         also the router with a collector (the back end), which gets no request's trace, those of 1 % and of all
  --picture FILE   also bars, as SVG
  --at-most RATIO  exit code 1 when the router costs more than RATIO times the CPU of the first peer
npm run bench -- fronts, idle, bodies, table and live, each with --help: TLS and HTTP/2, idle connections, large bodies, tables by size, how fast changes are served`;

/** One line of the result. */
interface Row {
  readonly name: string;
  readonly version: string;
  readonly cpuUsPerRequest: { readonly median: number; readonly min: number; readonly max: number };
  readonly ratio: number;
  readonly requestsPerSecond: number;
  readonly bad: number;
  readonly latencyMs?: PeerLatency;
}

interface Settings {
  readonly names: readonly PeerProgram[];
  readonly binaries: ReadonlyMap<string, string>;
  readonly scenario: Scenario;
  readonly seconds: number;
  readonly rounds: number;
  readonly connections: number;
  readonly rate: LatencyRate | undefined;
  readonly withAlone: boolean;
  readonly withLogs: boolean;
  readonly withTraces: boolean;
}

/** CPU per request, side by side. */
export async function benchCost(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      peers: { type: "string", default: "haproxy,nginx" },
      peer: { type: "string", multiple: true, default: [] },
      scenario: { type: "string", default: "plain" },
      seconds: { type: "string", default: "2" },
      rounds: { type: "string", default: "6" },
      connections: { type: "string", default: "64" },
      rate: { type: "string", default: "0" },
      alone: { type: "boolean", default: false },
      logs: { type: "boolean", default: false },
      traces: { type: "boolean", default: false },
      json: { type: "string" },
      picture: { type: "string" },
      "at-most": { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const settings = readSettings(values);
  if (typeof settings === "string") {
    process.stderr.write(`${settings}\n`);
    return 2;
  }
  const missing = ["wrk", "nginx"].filter((program) => !hasProgram(program));
  if (missing.length > 0) {
    process.stderr.write(`nothing was measured: ${missing.join(" and ")} not found; apt-get install ${missing.join(" ")}\n`);
    return 3;
  }
  const programs = new Programs();
  const notes: string[] = [];
  try {
    const peers = await start(programs, settings, notes);
    const rows = await measure(peers, settings);
    const { scenario, rate, seconds, rounds, connections } = settings;
    writeReport([...linesOf(rows, rate), ...notes], { scenario, rate, seconds, rounds, connections, rows, notes }, values.json);
    if (values.picture !== undefined) writeFileSync(values.picture, draw(rows, scenario));
    return judge(rows, values["at-most"]);
  } finally {
    await programs.stop();
  }
}

/** A text says what is wrong. */
function readSettings(
  values: {
    readonly [name in "peers" | "scenario" | "seconds" | "rounds" | "connections" | "rate"]: string;
  } & { readonly peer: readonly string[]; readonly alone: boolean; readonly logs: boolean; readonly traces: boolean },
): Settings | string {
  const [seconds, rounds, connections] = [values.seconds, values.rounds, values.connections].map(Number) as [number, number, number];
  if (![seconds, rounds, connections].every((value) => Number.isInteger(value) && value > 0))
    return "--seconds, --rounds and --connections take whole numbers from 1 up";
  const rate = values.rate === "0" ? undefined : readRate(values.rate);
  if (rate === undefined && values.rate !== "0")
    return "--rate takes requests per second, as 1000, or a share of what each peer can, as 50%";
  const { scenario } = values;
  if (scenario !== "plain" && scenario !== "real") return `there is no scenario "${scenario}"; plain and real are there`;
  const binaries = new Map(values.peer.map((text) => [text.split("=", 1)[0] ?? "", text.slice(text.indexOf("=") + 1)]));
  const names = [...new Set([...values.peers.split(",").filter((name) => name !== "" && name !== "none"), ...binaries.keys()])];
  const unknown = names.find((name) => !isPeer(name));
  if (unknown !== undefined) return `there is no peer "${unknown}"; ${PEER_PROGRAMS.join(", ")} are there`;
  const rest = { withAlone: values.alone, withLogs: values.logs, withTraces: values.traces };
  return { names: names.filter(isPeer), binaries, scenario, seconds, rounds, connections, rate, ...rest };
}

function isPeer(name: string): name is PeerProgram {
  return PEER_PROGRAMS.some((known) => known === name);
}

type Started = Peer & { readonly version: string };

async function start(programs: Programs, settings: Settings, notes: string[]): Promise<Started[]> {
  const { scenario } = settings;
  const backendPort = await startBackend(programs);
  const peers: Started[] = [];
  for (const name of settings.names) {
    const given = settings.binaries.get(name);
    const found = given === undefined ? findPeer(name) : { binary: given };
    if ("missing" in found) {
      notes.push(`${name}: not measured: ${found.missing}`);
      continue;
    }
    try {
      const version = ("version" in found ? found.version : undefined) ?? versionOf(name, found.binary);
      const peer = await startPeer[name](programs, found.binary, backendPort, scenario);
      await expectWork(peer, scenario);
      peers.push({ ...peer, version });
    } catch (thrown) {
      notes.push(`${name}: not measured, it did not start: ${(thrown as Error).message}`);
    }
  }
  const own = { version: "" };
  try {
    const router = await startRouter(programs, backendPort, scenario);
    await expectWork(router, scenario);
    peers.push({ ...router, ...own });
  } catch (thrown) {
    const reason = `holdfast router: not measured, it did not start (${(thrown as Error).message})`;
    if (scenario !== "plain") throw new Error(reason, { cause: thrown });
    notes.push(`${reason}; the data plane alone stands in`);
    peers.push({ ...(await startProxyAlone(programs, backendPort)), ...own });
    return peers;
  }
  if (settings.withLogs)
    for (const form of ["combined", "json"] as const)
      peers.push({ ...(await startRouter(programs, backendPort, scenario, form, `with ${form}`)), ...own });
  if (settings.withTraces)
    for (const ratio of ["0", "0.01", "1"]) {
      const flags = ["--trace-endpoint", `http://127.0.0.1:${backendPort}/`, "--trace-ratio", ratio];
      peers.push({ ...(await startRouter(programs, backendPort, scenario, undefined, `traces ${Number(ratio) * 100} %`, flags)), ...own });
    }
  if (settings.withAlone) peers.push({ ...(await startProxyAlone(programs, backendPort)), ...own });
  return peers;
}

/** A peer that leaves out part of its work would look cheap. */
async function expectWork({ name, port }: Peer, scenario: Scenario): Promise<void> {
  const untilMs = performance.now() + 5_000;
  let answer = await fetch(`http://127.0.0.1:${port}/`);
  // A router listens before it knows its first routes, and says so.
  while (answer.status === 503 && performance.now() < untilMs) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    answer = await fetch(`http://127.0.0.1:${port}/`);
  }
  const text = await answer.text();
  if (answer.status !== 200 || !text.startsWith("hello world")) throw new Error(`${name} answers ${answer.status}: ${text.slice(0, 200)}`);
  if (scenario === "real" && answer.headers.get("x-served-by") !== "bench") throw new Error(`${name} does not set X-Served-By`);
}

async function measure(peers: readonly Started[], how: Settings): Promise<Row[]> {
  const bursts = new Map<string, Burst[]>(peers.map((peer) => [peer.name, []]));
  // The first round warms up and is thrown away.
  for (let round = 0; round <= how.rounds; round++) {
    for (const peer of peers) {
      const one = await burst(peer, how.seconds, how.connections);
      if (round > 0) bursts.get(peer.name)?.push(one);
    }
  }
  const mostOf = (name: string): number => median((bursts.get(name) ?? []).map((one) => one.requestsPerSecond));
  const latencies = how.rate === undefined ? undefined : await measureLatency(peers, how.rate, how, mostOf);
  const medianOf = (name: string): number => median((bursts.get(name) ?? []).map((one) => one.cpuUsPerRequest));
  const base = medianOf(peers[0]?.name ?? "");
  return peers.map(({ name, version }) => {
    const own = bursts.get(name) ?? [];
    const costs = own.map((one) => one.cpuUsPerRequest);
    const latencyMs = latencies?.get(name);
    return {
      name,
      version,
      cpuUsPerRequest: { median: medianOf(name), min: Math.min(...costs), max: Math.max(...costs) },
      ratio: medianOf(name) / base,
      requestsPerSecond: mostOf(name),
      bad: own.reduce((sum, one) => sum + one.bad, 0) + (latencyMs?.bad ?? 0),
      ...(latencyMs === undefined ? {} : { latencyMs }),
    };
  });
}

function linesOf(rows: readonly Row[], rate: LatencyRate | undefined): readonly string[] {
  const more = rate === undefined ? "" : `   at ${rateText(rate)}: p50 ms      p99    p99.9    each second`;
  const lines = [`peer           version          us/req      min      max    ratio      req/s   bad${more}`];
  for (const { name, version, cpuUsPerRequest, ratio, requestsPerSecond, bad, latencyMs } of rows) {
    const { median: middle, min, max } = cpuUsPerRequest;
    const cost = `${cell(middle, 7)} ${cell(min, 8)} ${cell(max, 8)} ${cell(ratio, 8, 2)} ${cell(requestsPerSecond, 10, 0)} ${cell(bad, 5, 0)}`;
    const latency =
      latencyMs === undefined
        ? ""
        : `${cell(latencyMs.p50, more.length - 33, 2)}${cell(latencyMs.p99, 9, 2)}${cell(latencyMs.p999, 9, 2)}${cell(latencyMs.perSecond, 15, 0)}`;
    lines.push(`${name.padEnd(14)} ${version.slice(0, 15).padEnd(15)} ${cost}${latency}`);
  }
  return lines;
}

function draw(rows: readonly Row[], scenario: Scenario): string {
  const bars = rows.map(({ name, version, cpuUsPerRequest: { median: value, min, max } }) => ({
    name: `${name} ${/^\d+\.\d+/.exec(version)?.[0] ?? ""}`.trim(),
    value,
    min,
    max,
    isOwn: version === "",
  }));
  return pictureOf(`CPU per request, scenario ${scenario}`, "microseconds; the line: single rounds", bars);
}

function judge(rows: readonly Row[], atMost: string | undefined): number {
  const own = rows.find((row) => row.name === "holdfast" || row.name === "proxy alone");
  if (rows.some((row) => row.bad > 0)) return 1;
  return atMost !== undefined && own !== undefined && own.ratio > Number(atMost) ? 1 : 0;
}
