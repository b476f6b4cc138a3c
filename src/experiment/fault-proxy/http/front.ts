import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES, createServer as createHttpServer } from "node:http";
import { type AddressInfo, type Server as NetServer, type Socket, createServer } from "node:net";
import type { Duplex } from "node:stream";
import { type SecureContext, TLSSocket, createSecureContext } from "node:tls";
import { type Clock, type Random, messageOf } from "../../../kernel/index.ts";
import { Exchange } from "./exchange.ts";
import { RememberedAnswers } from "./remembered-answers.ts";
import { factsOf, isWatch } from "./request-facts.ts";
import { type Rule, matches } from "./rule.ts";
import { type CountedRule, RuleBook } from "./rule-book.ts";
import { Upstream, type UpstreamSettings } from "./upstream.ts";

/** A form's body is read before it is passed on: the action of AWS's Query protocol is in it. */
const LONGEST_FORM_BYTES = 1024 * 1024;
const TLS_HANDSHAKE = 0x16;

export interface FrontSettings {
  readonly upstream: UpstreamSettings;
  /** What we are for clients that begin with TLS; without it none is spoken. PEM. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
}

export interface FrontDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** A line for who runs the proxy. */
  readonly report: (line: string) => void;
}

/**
 * The half of a proxy that understands HTTP/1.1: it stands behind the one that passes bytes, on a port of its own, takes requests, lets the rules have
 * them, and asks the upstream. Upgrades (exec, port-forward) are passed on as they are.
 */
export class HttpFront {
  readonly rules: RuleBook;
  readonly #settings: FrontSettings;
  readonly #deps: FrontDeps;
  readonly #open = new Set<Exchange>();
  readonly #raw = new WeakMap<Socket, Socket>();
  readonly #memories = new WeakMap<Rule, RememberedAnswers>();
  readonly #upstream: Upstream;
  #server: NetServer | undefined;
  #http: Server | undefined;
  #lastFailure = "";
  readonly #sockets = new Set<Socket>();

  constructor(settings: FrontSettings, deps: FrontDeps) {
    this.#settings = settings;
    this.#deps = deps;
    this.rules = new RuleBook(deps.random);
    this.#upstream = new Upstream(settings.upstream);
  }

  /** Listens; answers where. */
  async start(): Promise<{ readonly host: string; readonly port: number }> {
    const http = createHttpServer({ requestTimeout: 0, headersTimeout: 60_000, keepAliveTimeout: 120_000, maxHeaderSize: 65_536 });
    http.on("request", (request, response) => void this.#serve(request, response));
    http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    // It never listens itself; the event starts its watch over slow heads.
    http.emit("listening");
    const { tls } = this.#settings;
    const context = tls === undefined ? undefined : createSecureContext({ cert: tls.certificate, key: tls.key });
    const server = createServer((raw) => {
      this.#sockets.add(raw);
      raw.on("error", () => raw.destroy());
      raw.once("close", () => this.#sockets.delete(raw));
      if (context === undefined) http.emit("connection", raw);
      else
        raw.once("data", (bytes: Buffer) => {
          raw.pause();
          raw.unshift(bytes);
          http.emit("connection", bytes[0] === TLS_HANDSHAKE ? this.#secured(raw, context) : raw);
          process.nextTick(() => raw.resume());
        });
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: "127.0.0.1", port: 0 }, resolve);
    });
    this.#server = server;
    this.#http = http;
    return { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#upstream.close();
    this.#http?.close(() => {});
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Throws Refused. What watches, and is of the rule, comes again: a watch may last longer than the fault. */
  addRule(body: unknown): CountedRule {
    const counted = this.rules.add(body);
    const { rule } = counted;
    if (rule.fault.type === "watch" || rule.fault.type === "older_world")
      for (const exchange of this.#open) if (isWatch(exchange.facts) && matches(rule.match, exchange.facts)) exchange.cut();
    return counted;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on("error", () => {});
    response.on("error", () => {});
    try {
      const body = isForm(request) ? await readForm(request) : undefined;
      const facts = factsOf(request, body ?? Buffer.alloc(0));
      const rule = this.rules.take(facts);
      const exchange = new Exchange(request, response, facts, body, {
        ...this.#deps,
        upstream: this.#upstream,
        memory: (of) => this.#memory(of),
        failed: (why) => this.#failed(why),
        rawSocket: (socket) => this.#raw.get(socket) ?? socket,
      });
      this.#open.add(exchange);
      response.once("close", () => this.#open.delete(exchange));
      await exchange.run(rule);
    } catch {
      // The client or the upstream went away; the other has to see it.
      request.socket.destroy();
    }
  }

  #upgrade(request: IncomingMessage, client: Duplex, head: Buffer): void {
    const rule = this.rules.take(factsOf(request, Buffer.alloc(0)));
    client.on("error", () => client.destroy());
    if (rule?.fault.type === "hang") return;
    if (rule !== undefined && (rule.fault.type === "reset" || rule.fault.type === "close")) {
      client.destroy();
      return;
    }
    const asked = this.#upstream.request(request, {});
    asked.on("error", (error) => {
      this.#failed(messageOf(error));
      client.destroy();
    });
    asked.on("upgrade", (answer, upstream, upstreamHead) => {
      upstream.on("error", () => client.destroy());
      client.write(headOf(answer));
      if (upstreamHead.length > 0) client.write(upstreamHead);
      if (head.length > 0) upstream.write(head);
      upstream.pipe(client);
      client.pipe(upstream);
      client.on("close", () => upstream.destroy());
      upstream.on("close", () => client.destroy());
    });
    asked.on("response", (answer) => {
      client.write(headOf(answer, "close"));
      answer.pipe(client);
    });
    asked.end();
  }

  #secured(raw: Socket, secureContext: SecureContext): TLSSocket {
    const secure = new TLSSocket(raw, { isServer: true, secureContext, ALPNProtocols: ["http/1.1"] });
    secure.on("error", () => raw.destroy());
    this.#raw.set(secure, raw);
    return secure;
  }

  /** Clients see a reset; the reason is told once until it is another one. */
  #failed(why: string): void {
    if (why !== this.#lastFailure) this.#deps.report(`${this.#settings.upstream.url}: ${why}`);
    this.#lastFailure = why;
  }

  #memory(rule: Rule): RememberedAnswers {
    const memory = this.#memories.get(rule) ?? new RememberedAnswers(this.#deps.clock);
    this.#memories.set(rule, memory);
    return memory;
  }
}

function isForm(request: IncomingMessage): boolean {
  return request.method === "POST" && /^application\/x-www-form-urlencoded\b/.test(request.headers["content-type"] ?? "");
}

async function readForm(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > LONGEST_FORM_BYTES) throw new Error("a form is too long");
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** The head as it came; a body that ends with the connection says so. */
function headOf(answer: IncomingMessage, connection?: "close"): Buffer {
  const status = answer.statusCode ?? 502;
  const lines = [`HTTP/1.1 ${status} ${answer.statusMessage ?? STATUS_CODES[status] ?? ""}`];
  for (let at = 0; at + 1 < answer.rawHeaders.length; at += 2) {
    const name = answer.rawHeaders[at] ?? "";
    if (connection === undefined || !/^(connection|transfer-encoding|keep-alive)$/i.test(name))
      lines.push(`${name}: ${answer.rawHeaders[at + 1]}`);
  }
  if (connection !== undefined) lines.push(`connection: ${connection}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}
