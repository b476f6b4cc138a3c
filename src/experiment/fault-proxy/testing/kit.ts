import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";
import type { TestContext } from "node:test";
import { seededRandom, systemClock } from "../../../kernel/index.ts";
import { startFaultProxy } from "../fault-proxy.ts";

/** A fault proxy with its control API, and calls of it. */
export interface ProxyUnderTest {
  readonly control: string;
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; body: unknown; text: string }>;
  /** Makes a proxy before an upstream; answers its port. */
  before(name: string, upstreamPort: number, extra?: object): Promise<number>;
}

export async function proxyUnderTest(t: TestContext, token?: string): Promise<ProxyUnderTest> {
  const proxy = await startFaultProxy(
    { control: { host: "127.0.0.1", port: 0 }, token, config: undefined },
    { clock: systemClock, random: seededRandom(7), report: () => {} },
  );
  t.after(() => proxy.close());
  const call: ProxyUnderTest["call"] = async (method, path, body, headers = {}) => {
    const sent = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
    const answer = await fetch(`http://${proxy.control}${path}`, { method, headers, ...sent });
    const text = await answer.text();
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      parsed = undefined;
    }
    return { status: answer.status, body: parsed, text };
  };
  return {
    control: proxy.control,
    call,
    async before(name, upstreamPort, extra = {}) {
      const made = await call("POST", "/proxies", { name, listen: "127.0.0.1:0", upstream: `127.0.0.1:${upstreamPort}`, ...extra });
      const { listen } = made.body as { listen: string };
      return Number(listen.split(":").at(-1));
    },
  };
}

/** A TCP server on a free port of 127.0.0.1. */
export async function tcpServer(t: TestContext, serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return (server.address() as AddressInfo).port;
}

/** What came of a connection: every byte until its end, and how it ended. */
export interface Outcome {
  readonly bytes: Buffer;
  readonly end: "end" | "reset" | "open";
  readonly ms: number;
}

/** Sends bytes and collects what comes until the end, or until `openMs` are over. */
export async function exchange(
  port: number,
  sent: Buffer | string,
  options: { readonly openMs?: number; readonly keepsOpen?: boolean } = {},
): Promise<Outcome> {
  const startedMs = performance.now();
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  const pieces: Buffer[] = [];
  try {
    const end = await new Promise<Outcome["end"]>((resolve) => {
      const timer = setTimeout(() => resolve("open"), options.openMs ?? 30_000);
      const settle = (outcome: Outcome["end"]): void => {
        clearTimeout(timer);
        resolve(outcome);
      };
      socket.on("data", (piece: Buffer) => pieces.push(piece));
      socket.on("end", () => settle("end"));
      socket.on("error", () => settle("reset"));
      socket.on("connect", () => {
        if (options.keepsOpen === true) socket.write(sent);
        else socket.end(sent);
      });
    });
    return { bytes: Buffer.concat(pieces), end, ms: performance.now() - startedMs };
  } finally {
    socket.destroy();
  }
}
