import { connect } from "node:net";
import { messageOf } from "../../kernel/index.ts";
import { parseAddress } from "../fault-proxy/address.ts";

/** More than this of answers is not looked at. */
const LIMIT_BYTES = 1024 * 1024;
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})/gm;

export interface RawAnswers {
  /** Of each answer on the connection, in their order. */
  readonly statuses: readonly number[];
  /** `closed` by the other side, `open` when the patience was over, or why there was no connection. */
  readonly end: string;
}

/** Sends bytes as they are to HOST:PORT and listens until the other side closes or has been silent for `patienceMs`. */
export function exchangeRaw(address: string, bytes: Buffer, patienceMs: number, signal: AbortSignal): Promise<RawAnswers> {
  const { host, port } = parseAddress(address);
  return new Promise((resolve) => {
    let text = "";
    const socket = connect({ host, port, timeout: patienceMs });
    const done = (end: string): void => {
      signal.removeEventListener("abort", abort);
      socket.destroy();
      // Whoever has sent a body with such a line in it is not asked.
      resolve({ statuses: [...text.matchAll(STATUS_LINE)].map(([, status]) => Number(status)), end });
    };
    const abort = (): void => done("ended");
    signal.addEventListener("abort", abort, { once: true });
    socket.setEncoding("latin1");
    socket.once("connect", () => socket.write(bytes));
    socket.on("data", (chunk: string) => {
      if (text.length < LIMIT_BYTES) text += chunk;
    });
    socket.once("timeout", () => done("open"));
    socket.once("end", () => done("closed"));
    socket.once("error", (error) => done(text === "" ? messageOf(error) : "closed"));
  });
}
