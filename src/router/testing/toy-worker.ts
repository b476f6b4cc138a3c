import { decodeDelta } from "../delta.ts";
import { foldGeneration } from "../fold-generation.ts";
import { decodeGeneration } from "../generation.ts";
import { nextMessage, parentChannel } from "../channel.ts";
import type { FromWorker, ToWorker, WorkerConfig } from "../messages.ts";
import { openSnapshotStore } from "../snapshot/store.ts";
import { silentLog } from "../../telemetry/index.ts";

/**
 * A worker that serves nothing and speaks to its supervisor as a real one does, for tests of the supervisor. A generation with a
 * route `dies` kills it while it builds; one with a route `refused` cannot be built.
 */
const channel = parentChannel<ToWorker, FromWorker>();
const config = (await nextMessage<WorkerConfig>()) ?? process.exit(0);
let number = 0;
let routes = 0;

function build(text: string): void {
  const generation = decodeGeneration(text);
  channel.send({ type: "applying", number: generation.header.number });
  if (generation.routes.some(({ id }) => id === "dies")) process.kill(process.pid, "SIGKILL");
  if (generation.routes.some(({ id }) => id === "refused")) throw new Error("cannot be built");
  ({ number } = generation.header);
  routes = generation.routes.length;
}

if (config.snapshotDirectory !== undefined) {
  const store = openSnapshotStore({ directory: config.snapshotDirectory, source: config.source }, { log: silentLog });
  const restored = store.readNewest(new Set(config.skip));
  if (restored !== undefined) build(restored.text);
}
channel.onParentGone(() => process.exit(0));
channel.onMessage((message) => {
  if (message.type === "close") process.exit(0);
  if (message.type === "stats") channel.send({ type: "stats", id: message.id, metrics: [] });
  if (message.type !== "update") return;
  try {
    if (message.generation !== undefined) build(foldGeneration(message.generation, message.deltas.map(decodeDelta)));
    channel.send({ type: "applied", sequence: message.sequence, number, routes });
  } catch (error) {
    channel.send({ type: "applied", sequence: message.sequence, number, routes, problem: String(error) });
  }
});
channel.send({ type: "endpoints", endpoints: { known: 3, leftAlone: 1, failingChecks: 0, openBreakers: 0 } });
channel.send({ type: "listening", port: config.port, number, routes });
