import { type Socket, connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";

import { type Front, startFronts } from "./front-peers.ts";
import { familyOf } from "./measure.ts";
import { startBackend } from "./peers.ts";
import { Programs, hasProgram } from "./programs.ts";
import { cell, writeReport } from "./report.ts";

const USAGE = `Memory of connections that are kept and idle, beside HAProxy and nginx; each has carried one request.
npm run bench -- idle [--connections N] [--json FILE|-]`;

const REQUEST = "GET / HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n";
/** Opened at once. */
const BATCH = 200;
/** Garbage is collected and pages are given back some time later. */
const SETTLE_MS = 3_000;

interface Row {
  readonly name: string;
  readonly version: string;
  /** Of the process that has the connections. */
  readonly beforeMb: number;
  readonly withMb: number;
  readonly bytesEach: number;
}

/** What an idle client holds. */
export async function benchIdle(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { connections: { type: "string", default: "10000" }, json: { type: "string" }, help: { type: "boolean", default: false } },
  });
  const connections = Number(values.connections);
  if (values.help || !Number.isInteger(connections) || connections < 1 || connections > 25_000) {
    process.stdout.write(`${USAGE}\n`);
    return values.help ? 0 : 2;
  }
  if (!hasProgram("nginx")) {
    process.stderr.write("nothing was measured: nginx, the back end, not found; apt-get install nginx\n");
    return 3;
  }
  const programs = new Programs();
  const notes: string[] = [];
  try {
    const fronts = await startFronts(programs, await startBackend(programs), { tls: false, connections }, notes);
    const rows: Row[] = [];
    for (const front of fronts) rows.push(await measure(front, connections));
    const lines = [`${connections} connections  version        before MB      with MB    kB each`];
    for (const { name, version, beforeMb, withMb, bytesEach } of rows)
      lines.push(
        `${name.padEnd(18)} ${version.slice(0, 15).padEnd(15)} ${cell(beforeMb, 8)} ${cell(withMb, 12)} ${cell(bytesEach / 1_000, 10)}`,
      );
    writeReport([...lines, ...notes], { connections, rows, notes }, values.json);
    return 0;
  } finally {
    await programs.stop();
  }
}

async function measure(front: Front, connections: number): Promise<Row> {
  const sockets: Socket[] = [];
  // What is done for the first time is not what a connection costs.
  await open(front, BATCH, sockets);
  await pause(SETTLE_MS);
  const before = familyOf(front.pid);
  for (let left = connections - BATCH; left > 0; left -= BATCH) await open(front, Math.min(BATCH, left), sockets);
  await pause(SETTLE_MS);
  const after = familyOf(front.pid);
  const broken = sockets.filter(({ destroyed }) => destroyed).length;
  for (const socket of sockets) socket.destroy();
  if (broken > 0) throw new Error(`${front.name} closed ${broken} of ${connections} connections`);
  const grown = after.map(({ pid, rssBytes }) => ({ rssBytes, grew: rssBytes - (before.find((one) => one.pid === pid)?.rssBytes ?? 0) }));
  const { rssBytes = 0, grew = 0 } = grown.toSorted((left, right) => right.grew - left.grew)[0] ?? {};
  return {
    name: front.name,
    version: front.version,
    beforeMb: (rssBytes - grew) / 1e6,
    withMb: rssBytes / 1e6,
    bytesEach: grew / Math.max(1, connections - BATCH),
  };
}

async function open({ name, port }: Front, count: number, sockets: Socket[]): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, () => {
      const socket = connect({ port, host: "127.0.0.1" });
      sockets.push(socket);
      return new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.once("data", (answer: Buffer) => {
          if (answer.toString("latin1").startsWith("HTTP/1.1 200 ")) resolve();
          else reject(new Error(`${name} answered ${answer.toString("latin1").slice(0, 200)}`));
        });
        socket.write(REQUEST);
      });
    }),
  );
}
