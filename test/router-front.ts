import { type IncomingMessage, type ServerResponse, createServer, request } from "node:http";
import type { TestContext } from "node:test";
import { listen } from "./router-kit.ts";

/** What can be wrong with the answers of an API server. */
export const faults = [
  "refused",
  "500",
  "403",
  "404",
  "404 of a path",
  "stalled body",
  "empty list",
  "empty object",
  "truncated",
  "poison item",
] as const;
export type Fault = (typeof faults)[number];

/** Stands between router and API server: passes everything on, or answers with a fault. */
export interface Front {
  readonly url: string;
  /** From now on; breaks off what is under way, so that every client asks again. Undefined passes everything on. */
  setFault(fault: Fault | undefined): void;
  /** How many requests got the fault since it was set. */
  readonly hits: number;
}

/** Starts one in front of `target` on a free port of 127.0.0.1. */
export async function startFront(t: TestContext, target: string): Promise<Front> {
  let fault: Fault | undefined;
  let hits = 0;
  const server = createServer((incoming, response) => {
    if (fault === undefined) pass(incoming, response, target);
    else {
      hits++;
      misbehave(fault, incoming, response, target);
    }
  });
  const port = await listen(t, server);
  return {
    url: `http://127.0.0.1:${port}`,
    setFault(next) {
      fault = next;
      hits = 0;
      server.closeAllConnections();
    },
    get hits() {
      return hits;
    },
  };
}

function pass(incoming: IncomingMessage, response: ServerResponse, target: string): void {
  const outgoing = request(`${target}${incoming.url ?? ""}`, { method: incoming.method ?? "GET", headers: incoming.headers, agent: false });
  outgoing.on("response", (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    // A watch says nothing for a while, but that it was let in must be heard.
    response.flushHeaders();
    answer.pipe(response);
    answer.on("error", () => response.destroy());
  });
  outgoing.on("error", () => response.destroy());
  response.on("close", () => outgoing.destroy());
  incoming.pipe(outgoing);
}

function misbehave(fault: Fault, incoming: IncomingMessage, response: ServerResponse, target: string): void {
  const status = (code: number, reason: string): void =>
    sendJson(response, code, {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: `test: ${reason}`,
      reason,
      code,
    });
  switch (fault) {
    case "refused":
      // As near to a closed port as a listener comes: no byte is read or written.
      incoming.socket.resetAndDestroy();
      return;
    case "500":
      return status(500, "InternalError");
    case "403":
      return status(403, "Forbidden");
    case "404":
      return status(404, "NotFound");
    case "404 of a path":
      response.writeHead(404, { "content-type": "text/plain" }).end("404 page not found\n");
      return;
    case "stalled body":
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"kind":');
      return;
    case "empty object":
      return sendJson(response, 200, {});
    case "empty list":
    case "truncated":
    case "poison item":
      rewrite(fault, incoming, response, target);
      return;
  }
}

/** Lists are altered; watches are let in and say nothing. */
function rewrite(
  fault: "empty list" | "truncated" | "poison item",
  incoming: IncomingMessage,
  response: ServerResponse,
  target: string,
): void {
  const url = new URL(incoming.url ?? "/", target);
  if (url.searchParams.get("watch") === "true") {
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    return;
  }
  const outgoing = request(url, { method: incoming.method ?? "GET", headers: incoming.headers, agent: false }, (answer) => {
    const chunks: Buffer[] = [];
    answer.on("data", (chunk: Buffer) => chunks.push(chunk));
    answer.on("end", () => {
      const body = Buffer.concat(chunks);
      if (fault === "truncated") {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(body.subarray(0, Math.floor(body.length / 2)));
        return;
      }
      // A group that is not installed is answered in plain text, which no fault can change.
      const isJson = (answer.headers["content-type"] ?? "").startsWith("application/json");
      if (!isJson) {
        response.writeHead(answer.statusCode ?? 502, { "content-type": answer.headers["content-type"] ?? "text/plain" });
        response.end(body);
        return;
      }
      const list: unknown = JSON.parse(body.toString("utf8"));
      if (typeof list !== "object" || list === null || !("items" in list) || !Array.isArray(list.items))
        sendJson(response, answer.statusCode ?? 200, list);
      else sendJson(response, 200, { ...list, items: fault === "empty list" ? [] : list.items.map(poison) });
    });
  });
  outgoing.on("error", () => response.destroy());
  outgoing.end();
}

/** Every object but the first loses its spec to a number; as many a webhook or a hand-made client did it. */
function poison(item: unknown, at: number): unknown {
  return at === 0 || typeof item !== "object" || item === null ? item : { ...item, spec: 3, ports: 3, endpoints: "none" };
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}
