import type { X509Certificate } from "node:crypto";
import { type Server, type Socket, createServer } from "node:net";
import { AppError, messageOf } from "../kernel/index.ts";
import type { Log } from "../telemetry/index.ts";
import { AddressList } from "./address-list.ts";
import type { OpenedConnection } from "./connection.ts";
import type { Engine } from "./engine.ts";
import { FirstBytes } from "./first-bytes.ts";
import type { ListenerMetrics } from "./listener-metrics.ts";
import { Peer, plainAddress } from "./peer.ts";
import { PROXY_HEADER_BYTES, type ProxiedAddresses, type ProxyHeaderFault, readProxyHeader } from "./proxy-protocol.ts";
import type { TlsFront } from "./tls/tls-front.ts";

export interface ListenOptions {
  readonly host: string;
  /** 0 for one that is free. */
  readonly port: number;
  /** SO_REUSEPORT: several processes listen on one port and the kernel spreads connections over them. */
  readonly reusePort?: boolean;
  /** Every connection begins with a PROXY header, of version 1 or 2; one that does not is closed. */
  readonly proxyProtocol?: {
    /** Who may send one, as addresses, CIDR blocks or `private`; others' connections are closed. Left out: anybody who can connect. */
    readonly from?: readonly string[];
  };
  /** Connections are TLS. */
  readonly tls?: TlsFront;
  /** Without TLS: HTTP/2 is served too, to clients that begin with its preface. */
  readonly http2?: boolean;
}

/** RFC 9113 section 3.4. */
const HTTP2_PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

interface ListenerDeps {
  readonly engine: Engine;
  readonly metrics: ListenerMetrics;
  readonly log: Log;
  /** Whether there is room for one more connection. */
  readonly hasRoom: () => boolean;
  readonly onOpened: (connection: OpenedConnection) => void;
}

/** One address listened on: what a socket goes through from accept until it is known what it carries and for whom. */
export class Listener {
  readonly #deps: ListenerDeps;
  readonly #options: ListenOptions;
  readonly #senders: AddressList | undefined;
  readonly #server: Server;
  readonly #opening = new Set<Socket>();
  readonly #isPlain: boolean;

  /** Throws AppError `PROXY_OPTION`. */
  constructor(options: ListenOptions, deps: ListenerDeps) {
    this.#options = options;
    this.#deps = deps;
    const { proxyProtocol, tls, http2 = false } = options;
    this.#isPlain = proxyProtocol === undefined && tls === undefined && !http2;
    this.#senders = proxyProtocol?.from === undefined ? undefined : new AddressList(proxyProtocol.from, "sender of PROXY headers");
    // Read now, not while the first client waits.
    if (http2 || tls !== undefined) process.getBuiltinModule("node:http2");
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => this.#accept(socket));
  }

  /** Connections that carry no requests yet. */
  get opening(): number {
    return this.#opening.size;
  }

  /** Throws AppError `PROXY_LISTEN`. */
  listen(): Promise<{ readonly port: number }> {
    const server = this.#server;
    const { host, port, reusePort } = this.#options;
    return new Promise((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => {
        reject(new AppError("PROXY_LISTEN", `cannot listen on ${host}:${port}: ${listenAdvice(error)}`, { cause: error }));
      });
      server.listen({ host, port, backlog: 4_096, ...(reusePort === undefined ? {} : { reusePort }) }, () => {
        server.removeAllListeners("error");
        // What accept() can fail with (EMFILE) passes; the listener stays.
        server.on("error", (error) => this.#deps.log.warn({ error: messageOf(error) }, "listener error"));
        const address = server.address();
        resolve({ port: typeof address === "object" && address !== null ? address.port : port });
      });
    });
  }

  /** Accepts no more, and closes what carries no requests yet. */
  close(): void {
    this.#server.close();
    for (const socket of this.#opening) socket.destroy();
  }

  #accept(socket: Socket): void {
    const { metrics } = this.#deps.engine;
    if (!this.#deps.hasRoom()) {
      metrics.connectionsRefused.add();
      socket.destroy();
      return;
    }
    metrics.connectionsTotal.add();
    if (this.#isPlain) {
      this.#opened(socket, undefined, "http1");
      return;
    }
    this.#opening.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#opening.delete(socket));
    if (this.#options.proxyProtocol === undefined) this.#secure(socket, undefined);
    else this.#readProxyHeader(socket);
  }

  #readProxyHeader(socket: Socket): void {
    const refuse = (fault: ProxyHeaderFault): void => {
      this.#deps.metrics.proxyHeader(fault);
      socket.destroy();
    };
    if (this.#senders?.has(plainAddress(socket.remoteAddress ?? "")) === false) return refuse("untrusted");
    const { deadlines, options } = this.#deps.engine;
    const bytes = new FirstBytes(socket, deadlines, options.timeouts.requestHeadMs, {
      take: (first) => {
        const header = readProxyHeader(first);
        if (header === undefined) {
          if (first.length >= PROXY_HEADER_BYTES) refuse("tooLarge");
        } else if (typeof header === "string") refuse(header);
        else bytes.end(header.bytes, () => this.#secure(socket, header.addresses));
      },
      onEnd: (why) => refuse(why),
    });
  }

  #secure(socket: Socket, addresses: ProxiedAddresses | undefined): void {
    const { tls, http2 = false } = this.#options;
    if (tls === undefined) {
      if (http2) this.#sniff(socket, addresses);
      else this.#opened(socket, addresses, "http1");
      return;
    }
    tls.accept(socket, (secured, clientCertificate) => {
      // The socket below stays with us until it closes: it is one connection, counted once.
      this.#opening.delete(socket);
      this.#opened(secured, addresses, secured.alpnProtocol === "h2" ? "http2" : "http1", clientCertificate);
    });
  }

  /** Tells HTTP/2 from HTTP/1.1 by the first bytes that differ; whatever is not the preface is for the strict reader of HTTP/1.1. */
  #sniff(socket: Socket, addresses: ProxiedAddresses | undefined): void {
    const { deadlines, options } = this.#deps.engine;
    const bytes = new FirstBytes(socket, deadlines, options.timeouts.requestHeadMs, {
      take: (first) => {
        const length = Math.min(first.length, HTTP2_PREFACE.length);
        const isPreface = first.compare(HTTP2_PREFACE, 0, length, 0, length) === 0;
        if (isPreface && length < HTTP2_PREFACE.length) return;
        bytes.end(0, () => this.#opened(socket, addresses, isPreface ? "http2" : "http1"));
      },
      // Said nothing, or part of a preface: nobody who waits for an answer.
      onEnd: () => socket.destroy(),
    });
  }

  #opened(
    socket: Socket,
    addresses: ProxiedAddresses | undefined,
    protocol: OpenedConnection["protocol"],
    clientCertificate?: X509Certificate,
  ): void {
    this.#opening.delete(socket);
    if (socket.destroyed) return;
    const { tls } = this.#options;
    const peer = new Peer(
      addresses ?? {
        sourceAddress: socket.remoteAddress ?? "",
        sourcePort: socket.remotePort ?? 0,
        destinationAddress: socket.localAddress ?? "",
        destinationPort: socket.localPort ?? 0,
      },
      tls === undefined ? "http" : "https",
      this.#deps.engine.trusted,
      { isHttp2: protocol === "http2", clientCertificate, via: this.#deps.engine.options.via },
    );
    // A plain socket's handle is taken over for HTTP/1.1; what was put back would stay behind.
    const first: Buffer | null =
      protocol === "http1" && tls === undefined && socket.readableLength > 0 ? (socket.read() as Buffer | null) : null;
    this.#deps.onOpened({ socket, peer, protocol, first: first ?? undefined });
  }
}

function listenAdvice(error: NodeJS.ErrnoException): string {
  if (error.code === "EADDRINUSE") return "another program listens there; stop it or choose another port";
  if (error.code === "EACCES") return "no permission for this port; choose one from 1024 up or grant CAP_NET_BIND_SERVICE";
  if (error.code === "EADDRNOTAVAIL") return "this machine does not have that address";
  return messageOf(error);
}
