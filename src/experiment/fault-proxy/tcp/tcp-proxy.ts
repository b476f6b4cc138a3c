import { type Server, type Socket, createServer } from "node:net";
import { AppError, type Clock, type Random, messageOf } from "../../../kernel/index.ts";
import { formatAddress, parseAddress } from "../address.ts";
import type { ProxyMeter } from "../proxy-meter.ts";
import { Connection } from "./connection.ts";
import type { StreamName, Toxic } from "./toxic.ts";

/** Connections through one proxy at once; one more is closed. */
const MOST_CONNECTIONS = 4096;

/** Where a proxy's connections go instead of to its upstream: to what understands more than bytes, and asks the upstream itself. */
export interface Front {
  start(): Promise<{ readonly host: string; readonly port: number }>;
  stop(): Promise<void>;
}

export interface ProxySettings {
  readonly name: string;
  /** `127.0.0.1:0`; once it listens, with the port that it got. */
  readonly listen: string;
  readonly upstream: string;
}

export interface ProxyDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly meter: ProxyMeter;
  /** The address that upstreams see; undefined: the machine's choice. */
  readonly from: string | undefined;
  /** A line for who runs the proxy. */
  readonly report: (line: string) => void;
}

/** A listener that passes on to an upstream what the toxics let through. */
export class TcpProxy {
  readonly name: string;
  readonly #deps: ProxyDeps;
  #listen: string;
  #upstream: string;
  #server: Server | undefined;
  #toxics: Toxic[] = [];
  readonly #front: Front | undefined;
  #frontAddress: { readonly host: string; readonly port: number } | undefined;
  readonly #connections = new Set<Connection>();

  constructor(settings: ProxySettings, deps: ProxyDeps, front?: Front) {
    this.#front = front;
    this.name = settings.name;
    this.#listen = settings.listen;
    this.#upstream = settings.upstream;
    this.#deps = deps;
    parseAddress(settings.listen);
    if (front === undefined) parseAddress(settings.upstream);
  }

  get upstream(): string {
    return this.#upstream;
  }

  get listen(): string {
    return this.#listen;
  }

  get isEnabled(): boolean {
    return this.#server !== undefined;
  }

  /** In the order of their effect, those on the way up first. */
  get toxics(): readonly Toxic[] {
    return [...this.#toxics.filter(({ stream }) => stream === "upstream"), ...this.#toxics.filter(({ stream }) => stream === "downstream")];
  }

  /** Listens. Rejects with AppError `FAULT_PROXY_LISTEN`. */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    this.#frontAddress = await this.#front?.start();
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    server.maxConnections = MOST_CONNECTIONS;
    const address = parseAddress(this.#listen);
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) => {
        void this.#front?.stop();
        reject(new AppError("FAULT_PROXY_LISTEN", `listen tcp ${this.#listen}: ${messageOf(error)}`, { cause: error }));
      });
      server.listen(address, resolve);
    });
    server.on("error", () => {});
    this.#server = server;
    const bound = server.address();
    if (typeof bound === "object" && bound !== null) this.#listen = formatAddress(bound.address, bound.port);
    const counted = this.#deps.meter.series(this.name, this.#listen, this.#upstream);
    server.on("connection", (client) => this.#accept(client, counted));
  }

  /** Stops listening, and ends every connection. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const connection of this.#connections) connection.destroy();
    await this.#front?.stop();
    await closed;
  }

  /** Takes other addresses; it is stopped then. */
  async move(listen: string, upstream: string): Promise<void> {
    parseAddress(listen);
    if (this.#front === undefined) parseAddress(upstream);
    else if (upstream !== this.#upstream)
      throw new AppError("FAULT_PROXY_ADDRESS", "the upstream of a proxy for HTTP cannot be changed: remove it and make another");
    await this.stop();
    this.#listen = listen;
    this.#upstream = upstream;
  }

  addToxic(toxic: Toxic): void {
    this.#toxics.push(toxic);
    for (const connection of this.#connections) connection.add(toxic);
  }

  changeToxic(toxic: Toxic): void {
    this.#toxics = this.#toxics.map((other) => (other.name === toxic.name ? toxic : other));
    for (const connection of this.#connections) connection.change(toxic);
  }

  removeToxic(toxic: Toxic): void {
    this.#toxics = this.#toxics.filter(({ name }) => name !== toxic.name);
    for (const connection of this.#connections) connection.remove(toxic);
  }

  #accept(client: Socket, counted: (stream: StreamName, what: "received" | "sent", bytes: number) => void): void {
    this.#connections.add(
      new Connection(client, {
        clock: this.#deps.clock,
        random: this.#deps.random,
        upstream: this.#frontAddress ?? parseAddress(this.#upstream),
        from: this.#front === undefined ? this.#deps.from : undefined,
        toxics: () => this.#toxics,
        counted,
        closed: (connection) => this.#connections.delete(connection),
      }),
    );
  }
}
