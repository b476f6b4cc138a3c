import { type IncomingMessage, type ServerResponse, createServer, request } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";

/** What stands in the place of the API server's answer. */
export type ApiLie =
  /** A list without its entries, or without every other one: 200, and a new revision. */
  | "empty"
  | "half"
  /** 200 with `{}`. */
  | "no-list"
  | 403
  | 404
  | 500
  /** The connection is closed. */
  | "gone";

export interface ApiProxy {
  readonly url: string;
  /** From now on, requests whose path matches are answered so; connections that are open are cut, so that everybody asks again. */
  lie(path: RegExp, answer: ApiLie): void;
  tellTheTruth(): void;
  /** How many requests were lied to: of none there is no proof. */
  readonly lies: number;
  close(): Promise<void>;
}

/** Stands before an API server and answers in its place. */
export async function startApiProxy(target: string): Promise<ApiProxy> {
  let rule: { readonly path: RegExp; readonly answer: ApiLie } | undefined;
  let lies = 0;
  const sockets = new Set<Socket>();
  const server = createServer((incoming, outgoing) => {
    const answer = rule?.path.test(incoming.url ?? "") === true ? rule.answer : undefined;
    if (answer !== undefined) lies++;
    if (answer === "gone") incoming.socket.destroy();
    else if (typeof answer === "number") {
      incoming.resume();
      send(outgoing, answer, { kind: "Status", apiVersion: "v1", status: "Failure", code: answer, message: "not now", metadata: {} });
    } else forward(target, incoming, outgoing, answer);
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
      rule = { path, answer };
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
      }),
  };
}

function forward(
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: "empty" | "half" | "no-list" | undefined,
): void {
  const isWatch = /[?&]watch=(1|true)/.test(incoming.url ?? "");
  const headers = { ...incoming.headers, "accept-encoding": "identity" };
  const sent = request(target + (incoming.url ?? "/"), { method: incoming.method, headers, agent: false }, (response) => {
    if (answer === undefined || isWatch) {
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
