import { parseArgs } from "node:util";

import { type Front, startBareHttp2, startFronts } from "./front-peers.ts";
import { REQUEST_FIELDS, cpuSeconds, median, run } from "./measure.ts";
import { startBackend } from "./peers.ts";
import { Programs, hasProgram } from "./programs.ts";
import { cell, writeReport } from "./report.ts";

const USAGE = `CPU per TLS handshake, full and resumed, and per request over HTTP/2, beside HAProxy and nginx, in alternating bursts.
npm run bench -- fronts [--seconds N] [--rounds N] [--json FILE|-]
Handshakes: openssl s_time, one after the other, ECDSA P-256; full in TLS 1.3, resumed in TLS 1.2 (s_time resumes no other).
Requests: h2load, 16 connections with 8 streams each, over TLS, ten header fields; beside node:http2 that answers by itself.`;

/** How many of something were done, and with how much CPU of the peer. */
interface Burst {
  readonly count: number;
  readonly cpuUs: number;
}

interface Kind {
  readonly name: string;
  readonly needs: string;
  /** What the load generator counted. */
  load(front: Front, seconds: number): Promise<number>;
}

const KINDS: readonly Kind[] = [
  { name: "full handshake", needs: "openssl", load: (front, seconds) => handshakes(front, seconds, ["-new", "-tls1_3"]) },
  { name: "resumed handshake", needs: "openssl", load: (front, seconds) => handshakes(front, seconds, ["-reuse", "-tls1_2"]) },
  { name: "request of HTTP/2", needs: "h2load", load: http2Requests },
];

/** How much longer the first burst is. */
const WARM_UP = 5;

interface Row {
  readonly kind: string;
  readonly name: string;
  readonly version: string;
  readonly cpuUs: { readonly median: number; readonly min: number; readonly max: number };
  readonly ratio: number;
  readonly perSecond: number;
}

/** What clients cost at the listener, side by side. */
export async function benchFronts(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: "2" },
      rounds: { type: "string", default: "5" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)];
  if (values.help || ![seconds, rounds].every((value) => Number.isInteger(value) && value > 0)) {
    process.stdout.write(`${USAGE}\n`);
    return values.help ? 0 : 2;
  }
  if (!hasProgram("nginx")) {
    process.stderr.write("nothing was measured: nginx, the back end, not found; apt-get install nginx\n");
    return 3;
  }
  const notes: string[] = [];
  const kinds = KINDS.filter(({ name, needs }) => {
    if (hasProgram(needs)) return true;
    notes.push(`${name}: not measured: ${needs} not found; apt-get install ${needs === "h2load" ? "nghttp2-client" : needs}`);
    return false;
  });
  const programs = new Programs();
  try {
    const fronts = await startFronts(programs, await startBackend(programs), { tls: true, connections: 4_000 }, notes);
    const rows: Row[] = [];
    const bare = await startBareHttp2(programs);
    for (const kind of kinds)
      rows.push(...(await measure(kind, kind.load === http2Requests ? [...fronts, bare] : fronts, seconds, rounds)));
    writeReport([...linesOf(rows), ...notes], { seconds, rounds, rows, notes }, values.json);
    return rows.some(({ perSecond }) => perSecond === 0) ? 1 : 0;
  } finally {
    await programs.stop();
  }
}

async function measure(kind: Kind, fronts: readonly Front[], seconds: number, rounds: number): Promise<readonly Row[]> {
  const bursts = new Map<string, Burst[]>(fronts.map(({ name }) => [name, []]));
  // The first round warms up and is thrown away; what is compiled while it runs takes tens of thousands of requests to be as fast as it gets.
  for (let round = 0; round <= rounds; round++) {
    for (const front of fronts) {
      const before = cpuSeconds(front.pid);
      const count = await kind.load(front, round === 0 ? seconds * WARM_UP : seconds);
      const cpuUs = ((cpuSeconds(front.pid) - before) / Math.max(1, count)) * 1e6;
      if (round > 0) bursts.get(front.name)?.push({ count, cpuUs });
    }
  }
  const costsOf = (name: string): readonly number[] => (bursts.get(name) ?? []).map(({ cpuUs }) => cpuUs);
  const base = median(costsOf(fronts[0]?.name ?? ""));
  return fronts.map(({ name, version }) => {
    const costs = costsOf(name);
    return {
      kind: kind.name,
      name,
      version,
      cpuUs: { median: median(costs), min: Math.min(...costs), max: Math.max(...costs) },
      ratio: median(costs) / base,
      perSecond: median((bursts.get(name) ?? []).map(({ count }) => count)) / seconds,
    };
  });
}

async function handshakes({ port }: Front, seconds: number, how: readonly string[]): Promise<number> {
  const text = await run("openssl", ["s_time", "-connect", `127.0.0.1:${port}`, "-time", String(seconds), ...how]);
  return Number(/(\d+) connections in \d+ real seconds/.exec(text)?.[1] ?? 0);
}

async function http2Requests({ port }: Front, seconds: number): Promise<number> {
  const fields = REQUEST_FIELDS.flatMap((field) => (field.startsWith("Host:") ? [] : ["-H", field]));
  const url = `https://127.0.0.1:${port}/`;
  const text = await run("h2load", ["-t1", "-c16", "-m8", `-D${seconds}`, ...fields, "-H", ":authority: www.example.org", url]);
  const [, succeeded = "0", failed = "0"] = /(\d+) succeeded, (\d+) failed/.exec(text) ?? [];
  if (Number(failed) > 0) throw new Error(`${failed} requests failed:\n${text}`);
  return Number(succeeded);
}

function linesOf(rows: readonly Row[]): readonly string[] {
  const lines = [`${"".padEnd(19)} peer           version          us each      min      max    ratio   each second`];
  for (const { kind, name, version, cpuUs, ratio, perSecond } of rows) {
    const cost = `${cell(cpuUs.median, 8)} ${cell(cpuUs.min, 8)} ${cell(cpuUs.max, 8)} ${cell(ratio, 8, 2)} ${cell(perSecond, 13, 0)}`;
    lines.push(`${kind.padEnd(19)} ${name.padEnd(14)} ${version.slice(0, 15).padEnd(15)} ${cost}`);
  }
  return lines;
}
