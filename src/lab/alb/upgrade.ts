import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "../../kernel/index.ts";
import type { Accounting } from "./accounting.ts";
import { responseHead } from "./headers.ts";
import { ownAnswerText } from "./own-answer.ts";
import type { Exchange, Target } from "./target.ts";

export interface UpgradeOptions {
  readonly target: Target;
  /** Name, value, name, value…, without Connection and Upgrade. */
  readonly head: readonly string[];
  readonly idleTimeoutMs: number;
  readonly clock: Clock;
  readonly accounting: Accounting;
}

/**
 * Passes a WebSocket handshake to a target and, once it answers 101, bytes both ways until either side closes or nothing
 * moves for the idle timeout. Any other answer is relayed without its body and closes the connection.
 */
export function forwardUpgrade(request: IncomingMessage, client: Duplex, clientHead: Buffer, options: UpgradeOptions): void {
  const { target, clock, accounting } = options;
  const upstream = target.request({
    method: request.method ?? "GET",
    path: request.url ?? "/",
    headers: [...options.head, "Connection", "Upgrade", "Upgrade", "websocket"],
    agent: false,
    setHost: false,
  });
  const exchange: Exchange = {
    forwardedAtMs: clock.wallMs(),
    endedAtMs: Number.POSITIVE_INFINITY,
    expire: () => {
      upstream.destroy();
      client.destroy();
    },
  };
  target.begin(exchange);
  const end = (answer: string): boolean => target.end(exchange, answer, clock.wallMs());
  const refuse = (status: number, reason: string): void => {
    const inFlightAtTarget = target.inFlight;
    if (!end("error")) return;
    accounting.countOwn(status);
    const atMs = clock.wallMs();
    accounting.addFailure({
      atMs,
      forwardedAtMs: exchange.forwardedAtMs,
      target: target.key,
      phase: "head",
      code: status,
      reason,
      inFlightAtTarget,
    });
    client.end(ownAnswerText(status));
    upstream.destroy();
  };
  client.on("error", () => upstream.destroy());
  client.on("close", () => {
    if (end("client-left")) accounting.countOwn(460);
    upstream.destroy();
  });
  upstream.setTimeout(options.idleTimeoutMs, () => refuse(504, "idle-timeout"));
  upstream.on("error", (error: NodeJS.ErrnoException) => refuse(502, error.code ?? "error"));
  upstream.on("response", (answer) => {
    const status = answer.statusCode ?? 502;
    if (end(String(status))) accounting.countTarget(status);
    client.end(headText(answer, ["Connection", "close", "Content-Length", "0"]));
    upstream.destroy();
  });
  upstream.on("upgrade", (answer, socket, socketHead) => {
    accounting.countTarget(101);
    client.write(headText(answer, ["Connection", "Upgrade", "Upgrade", "websocket"]));
    if (socketHead.length > 0) client.write(socketHead);
    if (clientHead.length > 0) socket.write(clientHead);
    socket.setTimeout(options.idleTimeoutMs, () => socket.destroy());
    socket.on("error", () => client.destroy());
    socket.on("close", () => {
      end("101");
      client.destroy();
    });
    client.on("close", () => socket.destroy());
    socket.pipe(client);
    client.pipe(socket);
  });
  upstream.end();
}

function headText(answer: IncomingMessage, extra: readonly string[]): string {
  const fields = [...responseHead(answer).filter((_, index, all) => !isContentLength(all, index)), ...extra];
  const lines = [`HTTP/1.1 ${answer.statusCode ?? 502} ${answer.statusMessage ?? ""}`];
  for (let index = 0; index + 1 < fields.length; index += 2) lines.push(`${fields[index] ?? ""}: ${fields[index + 1] ?? ""}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}

function isContentLength(fields: readonly string[], index: number): boolean {
  return fields[index - (index % 2)]?.toLowerCase() === "content-length";
}
