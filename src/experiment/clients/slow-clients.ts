import { type Socket, connect } from "node:net";
import { type Clock, sleep } from "../../kernel/index.ts";
import { parseAddress } from "../fault-proxy/address.ts";

export interface SlowClientsSpec {
  readonly address: string;
  readonly count: number;
  /** What they send at first, at once. */
  readonly head: string;
  /** Whether they then send a byte each second, or take nothing of what they get. */
  readonly does: "send" | "read-nothing";
  readonly seconds: number;
}

export interface SlowClientsResult {
  readonly connected: number;
  /** Still open at the end: nobody has given them up. */
  readonly open: number;
}

/** Connects so many clients that are slow, and tells how many are still borne at the end; then closes all of them. */
export async function runSlowClients(spec: SlowClientsSpec, clock: Clock, signal: AbortSignal): Promise<SlowClientsResult> {
  const { host, port } = parseAddress(spec.address);
  let connected = 0;
  const open = new Set<Socket>();
  for (let at = 0; at < spec.count; at++) {
    const socket = connect({ host, port });
    socket.once("connect", () => {
      connected++;
      open.add(socket);
      socket.write(spec.head);
      if (spec.does === "read-nothing") socket.pause();
    });
    // Who reads nothing does not see an orderly end: a reset, or that nothing can be written, is what is left.
    socket.on("error", () => {});
    socket.once("end", () => open.delete(socket));
    socket.once("close", () => open.delete(socket));
    if (spec.does === "send") socket.resume();
  }
  try {
    for (let second = 0; second < spec.seconds; second++) {
      await sleep(clock, 1000, signal);
      if (spec.does === "send") for (const socket of open) socket.write("x");
    }
    return { connected, open: open.size };
  } finally {
    for (const socket of open) socket.destroy();
  }
}
