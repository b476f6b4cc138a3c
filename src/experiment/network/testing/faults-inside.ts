// Run in a network namespace of its own by the test beside it: injects faults, asks as a client would, and prints what came of it as JSON.
import { mkdtempSync, rmSync } from "node:fs";
import { type Server, createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf, systemClock } from "../../../kernel/index.ts";
import type { JsonObject } from "../../document/json.ts";
import { findUndo } from "../../fault/undos.ts";
import { findNativeActivity } from "../../native/activities.ts";
import { openNatives } from "../../native/open-natives.ts";
import { networkToBreak, runTool } from "../run-tool.ts";
import { tryConnect } from "../try-connect.ts";

const LARGE = 512 * 1024;
const CLIENT_MS = 1_000;
const PATIENCE_MS = 20_000;
/** The neighbour that no fault is meant for. */
const CONTROL = "127.77.2.1";

const CASES: Readonly<Record<string, readonly [activity: string, given: JsonObject]>> = {
  drop: ["network/drop", {}],
  replies: ["network/drop", { direction: "replies", port: 8080 }],
  requests: ["network/drop", { direction: "requests", port: 8080 }],
  reset: ["network/reject", { with: "reset" }],
  icmp: ["network/reject", { with: "unreachable", port: 8080 }],
  loss: ["network/loss", { percent: 20 }],
  pmtu: ["network/pmtu", {}],
  bandwidth: ["network/bandwidth", { kbit: 2000 }],
  unreachable: ["network/unreachable", { as: "unreachable" }],
  prohibit: ["network/unreachable", { as: "prohibit" }],
  blackhole: ["network/unreachable", { as: "blackhole" }],
};

interface Seen {
  readonly connect: string;
  readonly small: string;
  readonly large: string;
  readonly seconds: number;
  readonly control: string;
}

function get(host: string, path: string, limitMs: number): Promise<string> {
  return new Promise((resolve) => {
    let bytes = 0;
    const outgoing = request({ host, port: 8080, path, agent: false }, (response) => {
      response.on("data", (chunk: Buffer) => (bytes += chunk.length));
      response.on("end", () => resolve(`${response.statusCode} ${bytes}`));
      response.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
    const timer = setTimeout(() => {
      resolve("hangs");
      outgoing.destroy();
    }, limitMs);
    outgoing.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    outgoing.on("close", () => clearTimeout(timer));
    outgoing.end();
  });
}

async function ask(host: string, limitMs: number): Promise<Seen> {
  const { outcome } = await tryConnect(`${host}:8080`, limitMs, new AbortController().signal);
  const [small, control] = await Promise.all([get(host, "/small", limitMs), get(CONTROL, "/large", PATIENCE_MS)]);
  const startMs = performance.now();
  const large = await get(host, "/large", host === hostOf("bandwidth") ? PATIENCE_MS : limitMs);
  return { connect: outcome, small, large, seconds: (performance.now() - startMs) / 1000, control };
}

function hostOf(name: string): string {
  return `127.77.1.${Object.keys(CASES).indexOf(name) + 1}`;
}

const folder = mkdtempSync(join(tmpdir(), "holdfast-network-"));
const server: Server = createServer((incoming, response) => response.end(Buffer.alloc(incoming.url === "/large" ? LARGE : 100)));
await new Promise<void>((resolve) => {
  server.listen(8080, "0.0.0.0", resolve);
});
const ending = new AbortController();
const { environment } = { environment: process.env };
const natives = await openNatives(
  { target: {}, seed: 1, title: "network", folder: { run: "run", path: folder }, ending: ending.signal },
  { clock: systemClock, environment },
);
const call = { ...natives, values: { configuration: {}, secrets: {} }, signal: ending.signal };
const network = networkToBreak(environment);
const rules = async (): Promise<string> =>
  (
    await Promise.all(
      [
        ["iptables", "-S", "OUTPUT"],
        ["ip", "route", "show", "table", "local"],
        ["tc", "qdisc", "show", "dev", "lo"],
      ].map((tool) => runTool(network, tool)),
    )
  ).join("");
try {
  const before = await rules();
  const during = await Promise.all(
    Object.entries(CASES).map(async ([name, [activity, given]]) => {
      const host = hostOf(name);
      try {
        await findNativeActivity(activity)?.run({ direction: "both", bytes: 600, address: host, witness: `${host}:8080`, ...given }, call);
        return [name, await ask(host, CLIENT_MS)] as const;
      } catch (error) {
        return [name, messageOf(error)] as const;
      }
    }),
  );
  const atWorst = await rules();
  const undos = natives.evidence.faults.length;
  await natives.faults.revertAll();
  const after = await Promise.all(Object.keys(CASES).map(async (name) => [name, await ask(hostOf(name), PATIENCE_MS)] as const));
  // Once more, and of faults that were never there.
  for (const kind of ["network/firewall", "network/bandwidth", "network/unreachable"])
    for (const id of [network.id, "net:[1]"])
      await findUndo(kind)?.undo(
        { kind, network: id, mark: "holdfast-000000000000", number: 256, type: "blackhole", blocks: ["127.77.9.9/32"] },
        { target: natives.target, environment, clock: systemClock, random: natives.random, signal: ending.signal },
      );
  const left = natives.evidence.faults.filter(({ revertedAt }) => revertedAt === null).map(({ label }) => label);
  process.stdout.write(
    JSON.stringify({
      during: Object.fromEntries(during),
      after: Object.fromEntries(after),
      undos,
      left,
      before,
      atWorst,
      atEnd: await rules(),
    }),
  );
} finally {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
