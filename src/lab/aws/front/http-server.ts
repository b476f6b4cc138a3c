import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Clock, messageOf } from "../../../kernel/index.ts";
import type { Log } from "../../../telemetry/index.ts";
import type { AwsFront, Outcome } from "./aws-front.ts";

/** More than any request of these services. */
const LONGEST_BODY_BYTES = 1_048_576;

export interface AwsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves the front on a loopback address; `port` 0 for a free one. Rejects when it cannot listen. */
export async function serveAws(
  front: AwsFront,
  at: { readonly host: string; readonly port: number; readonly clock: Clock },
  log: Log,
): Promise<AwsServer> {
  const server = createServer((request, response) => {
    readBody(request)
      .then((body) => send(front.handle(signedRequestOf(request, body)), at.clock, request, response))
      .catch((error: unknown) => {
        log.warn({ reason: messageOf(error) }, "request to the lab's AWS not answered");
        response.destroy();
      });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(at.port, at.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function signedRequestOf(request: IncomingMessage, body: Uint8Array): Parameters<AwsFront["handle"]>[0] {
  const headers = new Map(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : (value ?? "")]),
  );
  return { method: request.method ?? "POST", target: request.url ?? "/", headers, body };
}

function send(outcome: Outcome, clock: Clock, request: IncomingMessage, response: ServerResponse): void {
  if (outcome.type === "hang") return;
  if (outcome.type === "reset") {
    request.socket.resetAndDestroy();
    return;
  }
  // The SDK sets its clock by it, so it must be the one that signatures are judged by.
  const date = new Date(clock.wallMs()).toUTCString();
  response.writeHead(outcome.status, { ...outcome.headers, date, "content-length": Buffer.byteLength(outcome.body) });
  response.end(outcome.body);
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LONGEST_BODY_BYTES) throw new Error(`its body is longer than ${LONGEST_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
