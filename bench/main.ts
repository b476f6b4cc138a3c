import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Burst, burst, median } from "./measure.ts";
import { type Peer, Programs, hasProgram } from "./peers.ts";

const USAGE = `CPU per request of the router beside others, in alternating bursts of wrk (64 connections, ten header fields).
npm run bench -- [--peers haproxy,nginx] [--seconds N] [--rounds N] [--connections N] [--alone] [--logs] [--json FILE|-] [--at-most RATIO]
  --alone          also the data plane without supervisor and control process
  --logs           also the router with an access log, in each form
  --at-most RATIO  exit code 1 when the router costs more than RATIO times the CPU of the first peer`;

/** One line of the result. */
interface Row {
  readonly name: string;
  readonly cpuUsPerRequest: { readonly median: number; readonly min: number; readonly max: number };
  readonly ratio: number;
  readonly requestsPerSecond: number;
  readonly bad: number;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      peers: { type: "string", default: "haproxy,nginx" },
      seconds: { type: "string", default: "2" },
      rounds: { type: "string", default: "6" },
      connections: { type: "string", default: "64" },
      alone: { type: "boolean", default: false },
      logs: { type: "boolean", default: false },
      json: { type: "string" },
      "at-most": { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const [seconds, rounds, connections] = [values.seconds, values.rounds, values.connections].map(Number) as [number, number, number];
  if (![seconds, rounds, connections].every((value) => Number.isInteger(value) && value > 0)) {
    process.stderr.write("--seconds, --rounds and --connections take whole numbers from 1 up\n");
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
    const peers = await start(programs, values.peers.split(","), { withAlone: values.alone, withLogs: values.logs }, notes);
    const rows = await measure(peers, { seconds, rounds, connections });
    report(rows, notes, values.json);
    return judge(rows, values["at-most"]);
  } finally {
    await programs.stop();
  }
}

async function start(
  programs: Programs,
  names: readonly string[],
  { withAlone, withLogs }: { readonly withAlone: boolean; readonly withLogs: boolean },
  notes: string[],
): Promise<Peer[]> {
  const backendPort = await programs.backend();
  const peers: Peer[] = [];
  for (const name of names) {
    if (name !== "haproxy" && name !== "nginx") notes.push(`${name}: not known; haproxy and nginx are`);
    else if (!hasProgram(name)) notes.push(`${name}: not measured, it is not installed (apt-get install ${name})`);
    else peers.push(await programs[name](backendPort));
  }
  try {
    peers.push(await programs.router(backendPort));
  } catch (thrown) {
    notes.push(`holdfast router: not measured, it did not start (${(thrown as Error).message}); the data plane alone stands in`);
    peers.push(await programs.proxyAlone(backendPort));
    return peers;
  }
  if (withLogs) for (const form of ["combined", "json"] as const) peers.push(await programs.router(backendPort, form));
  if (withAlone) peers.push(await programs.proxyAlone(backendPort));
  return peers;
}

async function measure(
  peers: readonly Peer[],
  how: { readonly seconds: number; readonly rounds: number; readonly connections: number },
): Promise<Row[]> {
  const bursts = new Map<string, Burst[]>(peers.map((peer) => [peer.name, []]));
  // The first round warms up and is thrown away.
  for (let round = 0; round <= how.rounds; round++) {
    for (const peer of peers) {
      const one = await burst(peer, how.seconds, how.connections);
      if (round > 0) bursts.get(peer.name)?.push(one);
    }
  }
  const medianOf = (name: string): number => median((bursts.get(name) ?? []).map((one) => one.cpuUsPerRequest));
  const base = medianOf(peers[0]?.name ?? "");
  return peers.map(({ name }) => {
    const own = bursts.get(name) ?? [];
    const costs = own.map((one) => one.cpuUsPerRequest);
    return {
      name,
      cpuUsPerRequest: { median: medianOf(name), min: Math.min(...costs), max: Math.max(...costs) },
      ratio: medianOf(name) / base,
      requestsPerSecond: median(own.map((one) => one.requestsPerSecond)),
      bad: own.reduce((sum, one) => sum + one.bad, 0),
    };
  });
}

function report(rows: readonly Row[], notes: readonly string[], json: string | undefined): void {
  const lines = ["peer            us/req      min      max    ratio      req/s   bad"];
  for (const { name, cpuUsPerRequest, ratio, requestsPerSecond, bad } of rows) {
    const { median: middle, min, max } = cpuUsPerRequest;
    lines.push(
      `${name.padEnd(14)} ${cell(middle, 7)} ${cell(min, 8)} ${cell(max, 8)} ${cell(ratio, 8, 2)} ${cell(requestsPerSecond, 10, 0)} ${cell(bad, 5, 0)}`,
    );
  }
  const text = `${[...lines, ...notes].join("\n")}\n`;
  if (json === "-") process.stdout.write(`${JSON.stringify({ rows, notes }, undefined, 2)}\n`);
  else process.stdout.write(text);
  if (json !== undefined && json !== "-") writeFileSync(json, `${JSON.stringify({ rows, notes }, undefined, 2)}\n`);
}

function cell(value: number, width: number, digits = 1): string {
  return value.toFixed(digits).padStart(width);
}

function judge(rows: readonly Row[], atMost: string | undefined): number {
  const own = rows.find((row) => row.name === "holdfast" || row.name === "proxy alone");
  if (rows.some((row) => row.bad > 0)) return 1;
  return atMost !== undefined && own !== undefined && own.ratio > Number(atMost) ? 1 : 0;
}

process.exitCode = await main();
