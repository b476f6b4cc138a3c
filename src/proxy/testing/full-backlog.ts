import { type Socket, connect } from "node:net";
import { Worker } from "node:worker_threads";

/** A listener that never accepts, in a thread that sleeps. With a full queue the kernel leaves further connects without an answer. */
const LISTENER = `
const { parentPort } = require("node:worker_threads");
const server = require("node:net").createServer();
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;

/** An address at which connects hang. */
export interface FullBacklog {
  readonly port: number;
  close(): Promise<void>;
}

/** Fills a queue of one: Linux takes one connection more than it was told. */
export async function fullBacklog(): Promise<FullBacklog> {
  const worker = new Worker(LISTENER, { eval: true });
  const port = await new Promise<number>((resolve) => worker.once("message", resolve));
  const fillers: Socket[] = [];
  for (let count = 0; count < 2; count++) {
    const filler = connect(port, "127.0.0.1");
    fillers.push(filler);
    await new Promise((resolve) => filler.once("connect", resolve));
  }
  return {
    port,
    async close() {
      for (const filler of fillers) filler.destroy();
      await worker.terminate();
    },
  };
}
