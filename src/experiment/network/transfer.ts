import { connect, createServer } from "node:net";

/** A real transfer over TCP from an address of this network to ourselves. */
export interface Transfer {
  readonly received: number;
  /** Of the bytes that were received. */
  readonly seconds: number;
  readonly isWhole: boolean;
}

/** Sends `bytes` from `address`, which is bound here for it, and says how much of it came within `timeoutMs`. Rejects where nobody may bind it. */
export function transferFrom(address: string, bytes: number, timeoutMs: number, signal: AbortSignal): Promise<Transfer> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.end(Buffer.alloc(bytes));
    });
    server.once("error", reject);
    server.listen(0, address, () => {
      const bound = server.address();
      const port = typeof bound === "object" && bound !== null ? bound.port : 0;
      const startMs = performance.now();
      let received = 0;
      let lastMs = startMs;
      const socket = connect({ host: address, port });
      const settle = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", settle);
        socket.destroy();
        server.close();
        resolve({ received, seconds: (lastMs - startMs) / 1000, isWhole: received === bytes });
      };
      const timer = setTimeout(settle, timeoutMs);
      signal.addEventListener("abort", settle);
      socket.on("data", (chunk: Buffer) => {
        received += chunk.length;
        lastMs = performance.now();
      });
      socket.on("error", () => {});
      socket.on("close", settle);
    });
  });
}
