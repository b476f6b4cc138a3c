import { Agent, type IncomingMessage, type ServerResponse, createServer, request } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { isWatch } from "./under-way.ts";

/** What stands in the place of the API server's answer. */
export type ApiLie =
  /** A list without its entries, or without every other one: 200, and a new revision. The first watch of each path is told that its revision is too old, so that there is a list. */
  | "empty"
  | "half"
  /** 200 with `{}`. */
  | "no-list"
  | 403
  | 404
  | 500
  /** The connection is closed. */
  | "gone"
  /** Nothing is ever said. */
  | "hang";

export interface ApiProxy {
  readonly url: string;
  /** From now on, requests whose path matches are answered so; connections that are open are cut, so that everybody asks again. */
  lie(path: RegExp, answer: ApiLie): void;
  tellTheTruth(): void;
  /** How many requests were lied to: of none there is no proof. */
  readonly lies: number;
  close(): Promise<void>;
}

const REASONS: Readonly<Record<number, string>> = { 403: "Forbidden", 404: "NotFound", 410: "Expired", 500: "InternalError" };

/** Stands before an API server and answers in its place. `onHang` is told of each request that gets no answer, and with -1 when its client gives it up. */
export async function startApiProxy(target: string, onHang: (by: 1 | -1) => void = () => undefined): Promise<ApiProxy> {
  let rule: { readonly path: RegExp; readonly answer: ApiLie; readonly expired: Set<string> } | undefined;
  let lies = 0;
  const agent = new Agent({ keepAlive: true });
  const sockets = new Set<Socket>();
  const server = createServer((incoming, outgoing) => {
    const url = incoming.url ?? "";
    const lie = rule?.path.test(url) === true ? rule : undefined;
    if (lie === undefined) return forward(target, agent, incoming, outgoing, undefined);
    lies++;
    const { answer, expired } = lie;
    if (answer === "gone") return void incoming.socket.destroy();
    incoming.resume();
    if (answer === "hang") {
      if (isWatch(url)) return undefined;
      onHang(1);
      return void outgoing.once("close", () => onHang(-1));
    }
    if (typeof answer === "number") return send(outgoing, answer, statusOf(answer));
    const [path = ""] = url.split("?");
    if (!isWatch(url) || expired.has(path)) return forward(target, agent, incoming, outgoing, answer);
    expired.add(path);
    return send(outgoing, 410, statusOf(410));
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lie(path, answer) {
      rule = { path, answer, expired: new Set() };
      cut();
    },
    tellTheTruth() {
      rule = undefined;
      cut();
    },
    get lies() {
      return lies;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
        agent.destroy();
      }),
  };
}

function statusOf(code: number): unknown {
  return { kind: "Status", apiVersion: "v1", status: "Failure", reason: REASONS[code], code, message: "not now", metadata: {} };
}

function forward(
  target: string,
  agent: Agent,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: "empty" | "half" | "no-list" | undefined,
): void {
  const url = incoming.url ?? "/";
  const headers = { ...incoming.headers, "accept-encoding": "identity" };
  const sent = request(target + url, { method: incoming.method, headers, agent }, (response) => {
    if (answer === undefined || isWatch(url)) {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      outgoing.flushHeaders();
      response.pipe(outgoing);
      response.once("error", () => outgoing.destroy());
      return;
    }
    text(response).then(
      (body) => send(outgoing, response.statusCode ?? 502, spoiled(body, answer)),
      () => outgoing.destroy(),
    );
  });
  sent.once("error", () => outgoing.destroy());
  outgoing.once("close", () => sent.destroy());
  incoming.pipe(sent);
}

function spoiled(body: string, answer: "empty" | "half" | "no-list"): unknown {
  if (answer === "no-list") return {};
  const list = JSON.parse(body) as { items?: readonly unknown[] };
  return list.items === undefined ? list : { ...list, items: answer === "empty" ? [] : list.items.filter((_item, at) => at % 2 === 0) };
}

function send(outgoing: ServerResponse, status: number, body: unknown): void {
  const bytes = JSON.stringify(body);
  outgoing.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(bytes) });
  outgoing.end(bytes);
}
