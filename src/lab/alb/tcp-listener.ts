import { type Server, type Socket, connect, createServer } from "node:net";
import { type TLSSocket, connect as connectSecurely, createServer as createSecureServer, type Server as SecureServer } from "node:tls";
import type { FailurePhase } from "./accounting.ts";
import type { ListenerConfig, NodeConfig } from "./config.ts";
import { listen, portOf } from "./listen.ts";
import type { ListenerDeps, PortListener } from "./port-listener.ts";
import { drawTargetGroup } from "./rules.ts";
import { Selector } from "./selection.ts";
import { ServerCertificates } from "./server-certificates.ts";
import type { Exchange, Target } from "./target.ts";

/**
 * One listener of a Network Load Balancer on one of its nodes: it passes bytes and looks at none. A connection goes to one
 * target and to no other: where there is none, or the target refuses, the client gets RST (the kernel of a node has taken the
 * connection by then; a real one answers the SYN).
 */
export class TcpListener implements PortListener {
  readonly #node: NodeConfig;
  readonly #deps: ListenerDeps;
  readonly #server: Server | SecureServer;
  readonly #selectors = new Map<string, Selector>();
  readonly #open = new Set<Socket>();
  #config: ListenerConfig;
  #certificates: ServerCertificates | undefined;

  constructor(node: NodeConfig, config: ListenerConfig, deps: ListenerDeps) {
    this.#node = node;
    this.#config = config;
    this.#deps = deps;
    this.#certificates = this.#newCertificates(config);
    this.#server = this.#certificates === undefined ? createServer({ allowHalfOpen: true }) : this.#secureServer(this.#certificates);
    // Nobody is there to speak TLS for.
    this.#server.on("connection", (socket: Socket) => this.#accept(socket));
    if (this.#certificates !== undefined) this.#server.on("secureConnection", (socket: TLSSocket) => this.#serve(socket));
  }

  /** @throws AppError ALB_LISTEN */
  start(): Promise<void> {
    return listen(this.#server, this.#node.address, this.#config.port, this.#deps.loadBalancerName);
  }

  get port(): number {
    return portOf(this.#server);
  }

  configure(config: ListenerConfig): void {
    const certificates = this.#newCertificates(config);
    this.#config = config;
    this.#certificates = certificates;
    if (certificates !== undefined && "setSecureContext" in this.#server) this.#server.setSecureContext(certificates.defaultOptions);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#open) socket.destroy();
    });
  }

  #newCertificates({ tls }: ListenerConfig): ServerCertificates | undefined {
    return tls === undefined ? undefined : new ServerCertificates(tls, this.#deps.certificates());
  }

  #secureServer(certificates: ServerCertificates): SecureServer {
    return createSecureServer({
      ...certificates.defaultOptions,
      allowHalfOpen: true,
      SNICallback: (name, done) => done(null, this.#certificates?.contextFor(name)),
    });
  }

  #accept(socket: Socket): void {
    this.#deps.accounting.requests += 1;
    this.#open.add(socket);
    socket.on("close", () => this.#open.delete(socket));
    socket.on("error", () => socket.destroy());
    if (this.#certificates === undefined) this.#serve(socket);
    else if (this.#choose() === undefined) this.#reset(socket);
  }

  #serve(client: Socket): void {
    client.on("error", () => client.destroy());
    this.#deps.accounting.clients.add(client);
    const target = this.#choose();
    if (target === undefined) return this.#reset(client);
    this.#deps.accounting.forwarded += 1;
    new PassedConnection(client, target, this.#deps, { tcpIdleTimeoutMs: this.#config.tcpIdleTimeoutMs }).start();
  }

  #choose(): Target | undefined {
    const { defaultAction } = this.#config;
    const name = defaultAction.type === "forward" ? drawTargetGroup(defaultAction, this.#deps.random) : undefined;
    if (name === undefined) return undefined;
    const selector = this.#selectors.get(name) ?? new Selector(this.#deps.random);
    this.#selectors.set(name, selector);
    return this.#deps.targetGroup(name)?.select(this.#node.zone, selector);
  }

  #reset(socket: Socket): void {
    this.#deps.accounting.resets += 1;
    cut(socket);
  }
}

/** A client's connection and the one to its target. */
class PassedConnection {
  readonly #client: Socket;
  readonly #target: Target;
  readonly #deps: ListenerDeps;
  readonly #upstream: Socket;
  readonly #exchange: Exchange;
  #phase: FailurePhase = "dial";

  constructor(client: Socket, target: Target, deps: ListenerDeps, { tcpIdleTimeoutMs }: { readonly tcpIdleTimeoutMs: number }) {
    this.#client = client;
    this.#target = target;
    this.#deps = deps;
    const place = { host: target.config.id, port: target.config.port, allowHalfOpen: true };
    this.#upstream = target.isSecure ? connectSecurely({ ...place, rejectUnauthorized: false }) : connect(place);
    this.#exchange = {
      forwardedAtMs: deps.clock.wallMs(),
      endedAtMs: Number.POSITIVE_INFINITY,
      expire: () => this.#fail("target-gone"),
    };
    client.setTimeout(tcpIdleTimeoutMs, () => this.#end("idle"));
  }

  start(): void {
    const { clock, attributes } = this.#deps;
    this.#target.begin(this.#exchange);
    const timer = clock.timer(attributes().connectTimeoutMs, () => this.#fail("connect-timeout"));
    this.#upstream.on("close", () => {
      timer.cancel();
      this.#finish("closed");
    });
    this.#upstream.on("error", (error: NodeJS.ErrnoException) => this.#fail(error.code ?? "error"));
    this.#upstream.once(this.#target.isSecure ? "secureConnect" : "connect", () => {
      timer.cancel();
      this.#phase = "body";
      this.#client.pipe(this.#upstream);
      this.#upstream.pipe(this.#client);
    });
    this.#client.on("close", (hadError) => {
      if (hadError || !this.#upstream.writableEnded) this.#end("client-left");
    });
  }

  /** The target refused, died, or is not to be used any more. */
  #fail(reason: string): void {
    const { accounting, clock } = this.#deps;
    // Passive health check: who refuses a connection is passed over until a check succeeds.
    if (this.#phase === "dial" && reason !== "target-gone") this.#target.isRefusing = true;
    const { inFlight } = this.#target;
    if (!this.#finish("error")) return;
    accounting.addFailure({
      atMs: clock.wallMs(),
      forwardedAtMs: this.#exchange.forwardedAtMs,
      target: this.#target.key,
      phase: this.#phase,
      code: 0,
      reason,
      inFlightAtTarget: inFlight,
    });
    accounting.resets += 1;
    cut(this.#client);
    cut(this.#upstream);
  }

  #end(answer: string): void {
    if (!this.#finish(answer)) return;
    cut(this.#client);
    cut(this.#upstream);
  }

  /** Whether it was still open. */
  #finish(answer: string): boolean {
    return this.#target.end(this.#exchange, answer, this.#deps.clock.wallMs());
  }
}

/**
 * Closes with RST where the connection is TCP's alone; one of TLS just ends. So does one whose FIN is on its way: libuv refuses to
 * reset it, and Node then keeps its handle for ever, beyond the end of the process.
 */
function cut(socket: Socket): void {
  const isEnding = socket.writableEnded && !socket.writableFinished;
  if ("encrypted" in socket || socket.destroyed || isEnding) socket.destroy();
  else socket.resetAndDestroy();
}
