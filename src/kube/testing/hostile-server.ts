import { type Server, type Socket, createServer } from "node:net";
import type { AddressInfo } from "node:net";

/** A request as it came. */
export interface HostileRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** The connection a request came on: whatever is called here is what the client gets. Doing nothing stalls it. */
export interface HostileAnswer {
  /** A well-formed answer with a content-length. */
  json(value: unknown, status?: number, headers?: Readonly<Record<string, string>>): void;
  text(body: string, status?: number, contentType?: string): void;
  /** Exactly these bytes. */
  bytes(bytes: string): void;
  /** The head of a chunked 200 answer. */
  openChunked(): void;
  chunk(text: string): void;
  endChunked(): void;
  /** FIN. */
  end(): void;
  /** RST. */
  reset(): void;
}

/** An HTTP/1.1 server that sends exactly what a test tells it to, on a real socket. */
export interface HostileServer {
  readonly url: string;
  readonly port: number;
  readonly requests: readonly HostileRequest[];
  /** What to do with each request from now on. */
  handle(handler: (request: HostileRequest, answer: HostileAnswer) => void): void;
  /** Resolves once `count` requests have come in all. */
  seen(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function createHostileServer(handler: (request: HostileRequest, answer: HostileAnswer) => void): Promise<HostileServer> {
  let current = handler;
  const requests: HostileRequest[] = [];
  const sockets = new Set<Socket>();
  const waiting: { count: number; resolve: () => void }[] = [];
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {}); // the client is free to go
    let buffered = "";
    socket.setEncoding("latin1");
    socket.on("data", (data) => {
      buffered += String(data);
      for (let taken = takeRequest(buffered); taken !== undefined; taken = takeRequest(buffered)) {
        buffered = taken.rest;
        requests.push(taken.request);
        current(taken.request, answerOn(socket));
        for (const waiter of waiting) if (requests.length >= waiter.count) waiter.resolve();
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    handle(next) {
      current = next;
    },
    seen: (count) =>
      new Promise((resolve) => {
        if (requests.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** A port of this machine on which nothing listens. */
export async function refusedPort(): Promise<number> {
  const server = await createHostileServer(() => {});
  await server.close();
  return server.port;
}

function takeRequest(text: string): { request: HostileRequest; rest: string } | undefined {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const [first = "", ...lines] = text.slice(0, headEnd).split("\r\n");
  const [method = "", target = ""] = first.split(" ");
  const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]));
  const length = Number(headers.get("content-length") ?? 0);
  const bodyStart = headEnd + 4;
  if (text.length < bodyStart + length) return undefined;
  const url = new URL(target, "http://server");
  const body = text.slice(bodyStart, bodyStart + length);
  return { request: { method, path: url.pathname, query: url.searchParams, headers, body }, rest: text.slice(bodyStart + length) };
}

function answerOn(socket: Socket): HostileAnswer {
  const send = (body: string, status: number, headers: Readonly<Record<string, string>>): void => {
    const lines = Object.entries({ ...headers, "content-length": String(Buffer.byteLength(body)) }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    socket.write(`HTTP/1.1 ${status} X\r\n${lines.join("")}\r\n${body}`);
  };
  return {
    json: (value, status = 200, headers = {}) => send(JSON.stringify(value), status, { "content-type": "application/json", ...headers }),
    text: (body, status = 200, contentType = "text/html") => send(body, status, { "content-type": contentType }),
    bytes: (bytes) => void socket.write(bytes, "latin1"),
    openChunked: () => void socket.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"),
    chunk: (text) => void socket.write(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`),
    endChunked: () => void socket.write("0\r\n\r\n"),
    end: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
  };
}
