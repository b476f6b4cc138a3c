import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type RequestListener, createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { AppError, messageOf } from "../../kernel/index.ts";
import type { CompleteConfig } from "./config.ts";

const TLS_HANDSHAKE = 0x16;
const FIRST_BYTE_TIMEOUT_MS = 20_000;
const LIMITS = { keepAliveTimeout: 120_000, requestTimeout: 60_000, headersTimeout: 20_000, maxHeaderSize: 32 * 1024 };

/** One port that speaks HTTP and, where there is a certificate, HTTPS: the first byte of a connection tells which. */
export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Stops accepting, lets requests end for `graceMs`, then cuts. */
  close(graceMs: number): Promise<void>;
}

/** Listens. Throws LAB_APISERVER_LISTEN, LAB_APISERVER_CERTIFICATE. */
export async function listen({ listen: address, tls }: Pick<CompleteConfig, "listen" | "tls">, serve: RequestListener): Promise<Listener> {
  const http = createHttpServer(LIMITS, serve);
  const https = tls === undefined ? undefined : createHttpsServer({ ...LIMITS, ...readCertificate(tls) }, serve);
  // These two never listen themselves; the event starts their watch over slow requests.
  for (const inner of [http, https]) inner?.emit("listening");
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // A peer that resets is no news; whoever reads the socket hears of it too.
    socket.on("error", () => socket.destroy());
    socket.setNoDelay(true);
    if (https === undefined) http.emit("connection", socket);
    else route(socket, http, https);
  });
  server.listen({ host: address.host, port: address.port, backlog: 1024 });
  try {
    await once(server, "listening");
  } catch (error) {
    throw new AppError(
      "LAB_APISERVER_LISTEN",
      `cannot listen on ${address.host}:${address.port} (${messageOf(error)}); free the port or choose another`,
      { cause: error },
    );
  }
  const bound = server.address() as AddressInfo;
  return {
    host: bound.address,
    port: bound.port,
    async close(graceMs) {
      const ended = once(server, "close");
      server.close();
      for (const inner of [http, https]) {
        inner?.closeIdleConnections();
        // Ends the watch over slow requests; that it never listened is no news.
        inner?.close(() => {});
      }
      // Connections that never said anything have nothing to end.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      const force = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      await ended;
      clearTimeout(force);
    },
  };
}

function route(socket: Socket, http: Server, https: Server): void {
  const timer = setTimeout(() => socket.destroy(), FIRST_BYTE_TIMEOUT_MS);
  socket.once("close", () => clearTimeout(timer));
  socket.once("data", (bytes: Buffer) => {
    clearTimeout(timer);
    socket.pause();
    socket.unshift(bytes);
    (bytes[0] === TLS_HANDSHAKE ? https : http).emit("connection", socket);
    process.nextTick(() => socket.resume());
  });
}

function readCertificate(tls: { certificateFile: string; keyFile: string }): { cert: Buffer; key: Buffer } {
  try {
    return { cert: readFileSync(tls.certificateFile), key: readFileSync(tls.keyFile) };
  } catch (error) {
    throw new AppError(
      "LAB_APISERVER_CERTIFICATE",
      `the API server's certificate cannot be read (${messageOf(error)}); make it with ensureServingCertificate`,
      { cause: error },
    );
  }
}
