import { connect } from "node:net";

/** What became of an attempt to connect. */
export interface Attempt {
  /** `connected`, `timeout`, or the code of the error: `ECONNREFUSED`, `EHOSTUNREACH`. */
  readonly outcome: string;
  /** `connect to 127.30.64.4:8080: ECONNREFUSED after 2 ms`. */
  readonly evidence: string;
}

/** Connects to `ADDRESS:PORT` and closes; from the address `from` where it is given. */
export function tryConnect(address: string, timeoutMs: number, signal: AbortSignal, from?: string): Promise<Attempt> {
  const [host, port] = splitAddress(address);
  const startMs = performance.now();
  return new Promise((resolve) => {
    const socket = connect({ host, port, ...(from === undefined ? {} : { localAddress: from }) });
    const settle = (outcome: string): void => {
      socket.destroy();
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      const ms = Math.round(performance.now() - startMs);
      resolve({ outcome, evidence: `connect to ${address}${from === undefined ? "" : ` from ${from}`}: ${outcome} after ${ms} ms` });
    };
    const aborted = (): void => settle("aborted");
    const timer = setTimeout(() => settle("timeout"), timeoutMs);
    signal.addEventListener("abort", aborted);
    socket.on("connect", () => settle("connected"));
    socket.on("error", (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
  });
}

export function splitAddress(address: string): readonly [host: string, port: number] {
  const colon = address.lastIndexOf(":");
  return [address.slice(0, colon), Number(address.slice(colon + 1))];
}
