import { once } from "node:events";
import { type IncomingMessage, createServer, request } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";
import type { AddressInfo } from "node:net";
import { type Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";

import { type Front, startFronts } from "./front-peers.ts";
import { familyOf } from "./measure.ts";
import { Programs } from "./programs.ts";
import { cell, writeReport } from "./report.ts";

const USAGE = `Memory while a large body goes through, each way, over HTTP/1.1 and over HTTP/2 with TLS, beside HAProxy and nginx.
npm run bench -- bodies [--megabytes N] [--json FILE|-]`;

const BLOCK = Buffer.alloc(65_536, "x");
const SAMPLE_MS = 50;

interface Row {
  readonly name: string;
  readonly version: string;
  readonly protocol: string;
  readonly way: "to the back end" | "to the client";
  /** Of the process that grew most. */
  readonly beforeMb: number;
  readonly mostMb: number;
  readonly megabytesPerSecond: number;
}

/** Whether memory stays as it is however large a body is. */
export async function benchBodies(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { megabytes: { type: "string", default: "1000" }, json: { type: "string" }, help: { type: "boolean", default: false } },
  });
  const megabytes = Number(values.megabytes);
  if (values.help || !Number.isInteger(megabytes) || megabytes < 1) {
    process.stdout.write(`${USAGE}\n`);
    return values.help ? 0 : 2;
  }
  const size = megabytes * 1_000_000;
  const programs = new Programs();
  const server = createServer((asked, answer) => {
    if (asked.method === "GET") {
      answer.writeHead(200, { "content-length": asked.url === "/small" ? 0 : size });
      if (asked.url === "/small") answer.end();
      else void pipeline(blocks(size), answer).catch(() => {});
    } else void count(asked).then((bytes) => answer.end(String(bytes)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const notes: string[] = [];
  try {
    const rows: Row[] = [];
    for (const tls of [false, true]) {
      for (const front of await startFronts(programs, port, { tls, connections: 1_000 }, notes)) {
        for (const way of ["to the back end", "to the client"] as const) rows.push(await measure(front, tls, way, size));
      }
    }
    const lines = [`${megabytes} MB       version         over                way              before MB   most MB     MB/s`];
    for (const { name, version, protocol, way, beforeMb, mostMb, megabytesPerSecond } of rows)
      lines.push(
        `${name.padEnd(13)} ${version.slice(0, 15).padEnd(15)} ${protocol.padEnd(19)} ${way.padEnd(15)} ${cell(beforeMb, 10)} ${cell(mostMb, 9)} ${cell(megabytesPerSecond, 8, 0)}`,
      );
    writeReport([...lines, ...notes], { megabytes, rows, notes }, values.json);
    return 0;
  } finally {
    server.closeAllConnections();
    server.close();
    await programs.stop();
  }
}

async function measure(front: Front, tls: boolean, way: Row["way"], size: number): Promise<Row> {
  const session = tls ? connect(`https://127.0.0.1:${front.port}`, { rejectUnauthorized: false }) : undefined;
  // What is done for the first time is not what a body costs.
  await send(front.port, session, "GET", "/small", 0);
  const before = familyOf(front.pid);
  const most = new Map(before.map(({ pid, rssBytes }) => [pid, rssBytes]));
  const look = setInterval(() => {
    for (const { pid, rssBytes } of familyOf(front.pid)) most.set(pid, Math.max(rssBytes, most.get(pid) ?? 0));
  }, SAMPLE_MS);
  const startedMs = performance.now();
  const bytes =
    way === "to the client" ? await send(front.port, session, "GET", "/", 0) : await send(front.port, session, "PUT", "/", size);
  const seconds = (performance.now() - startedMs) / 1_000;
  clearInterval(look);
  session?.destroy();
  if (bytes !== size) throw new Error(`${front.name}: ${bytes} of ${size} bytes arrived ${way}`);
  const [grown] = before
    .map(({ pid, rssBytes }) => ({ before: rssBytes, most: most.get(pid) ?? rssBytes }))
    .toSorted((left, right) => right.most - right.before - (left.most - left.before));
  return {
    name: front.name,
    version: front.version,
    protocol: tls ? "HTTP/2 over TLS" : "HTTP/1.1",
    way,
    beforeMb: (grown?.before ?? 0) / 1e6,
    mostMb: (grown?.most ?? 0) / 1e6,
    megabytesPerSecond: size / 1e6 / seconds,
  };
}

/** Sends a body of this size, and resolves with the bytes that came back, or those that the back end says it got. */
async function send(port: number, session: ClientHttp2Session | undefined, method: string, path: string, size: number): Promise<number> {
  if (session !== undefined) {
    const stream = session.request({ ":method": method, ":path": path, ...(size > 0 ? { "content-length": size } : {}) });
    const sent = size > 0 ? pipeline(blocks(size), stream) : stream.end();
    const [answer] = await Promise.all([size > 0 ? text(stream) : count(stream), sent]);
    return Number(answer);
  }
  const asked = request({ port, host: "127.0.0.1", method, path, headers: size > 0 ? { "content-length": size } : {} });
  const sent = size > 0 ? pipeline(blocks(size), asked) : asked.end();
  const [[answer]] = await Promise.all([once(asked, "response") as Promise<[IncomingMessage]>, sent]);
  return size > 0 ? Number(await text(answer)) : count(answer);
}

function* blocks(size: number): Generator<Buffer, void> {
  for (let left = size; left > 0; left -= BLOCK.length) yield left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK;
}

async function count(stream: Readable): Promise<number> {
  let bytes = 0;
  const counter = new Writable({
    write(data: Buffer, _encoding, done) {
      bytes += data.length;
      done();
    },
  });
  await pipeline(stream, counter);
  return bytes;
}

async function text(stream: Readable): Promise<string> {
  let all = "";
  for await (const data of stream) all += String(data);
  return all;
}
