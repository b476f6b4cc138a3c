import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import { createServer as createSecureServer, type Server as SecureServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { assertNever } from "../../kernel/index.ts";
import type { ListenerConfig, NodeConfig } from "./config.ts";
import { forward } from "./forward.ts";
import { hasTooManyForwarded, requestHead } from "./headers.ts";
import { listen, portOf } from "./listen.ts";
import { ownAnswerText, sendOwn, sendOwnAnswer } from "./own-answer.ts";
import type { ListenerDeps, PortListener } from "./port-listener.ts";
import { actionFor, drawTargetGroup, redirectLocation, type RuleRequest } from "./rules.ts";
import { Selector } from "./selection.ts";
import { ServerCertificates } from "./server-certificates.ts";
import type { Target } from "./target.ts";
import { forwardUpgrade } from "./upgrade.ts";

/** "400: the request headers exceed 64 K" (page "Troubleshoot your Application Load Balancers"). */
const REQUEST_HEAD_LIMIT_BYTES = 65_536;

/** One listener of an Application Load Balancer on one of its nodes: an HTTP server that asks the rules and does what they say. */
export class HttpListener implements PortListener {
  readonly #node: NodeConfig;
  readonly #deps: ListenerDeps;
  readonly #server: Server | SecureServer;
  #certificates: ServerCertificates | undefined;
  readonly #selectors = new Map<string, Selector>();
  readonly #upgraded = new Set<Duplex>();
  #config: ListenerConfig;

  constructor(node: NodeConfig, config: ListenerConfig, deps: ListenerDeps) {
    this.#node = node;
    this.#config = config;
    this.#deps = deps;
    const { idleTimeoutMs } = deps.attributes();
    const options: ServerOptions = {
      maxHeaderSize: REQUEST_HEAD_LIMIT_BYTES,
      keepAliveTimeout: idleTimeoutMs,
      headersTimeout: idleTimeoutMs,
      requestTimeout: 0,
      connectionsCheckingInterval: Math.min(10_000, idleTimeoutMs),
      // h2c and its like are not passed on: an ALB knows no upgrade but WebSocket.
      shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === "websocket",
    };
    this.#certificates = this.#newCertificates(config);
    this.#server = this.#certificates === undefined ? createServer(options) : this.#secureServer(options, this.#certificates);
    this.#server.on(config.tls === undefined ? "connection" : "secureConnection", (socket: Socket) => deps.accounting.clients.add(socket));
    this.#server.on("request", (request, response) => this.#serve(request, response));
    this.#server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
      response.writeContinue();
      this.#serve(request, response);
    });
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    this.#server.on("connect", (_, socket) => socket.end(ownAnswerText(400)));
    this.#server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
      if (error.code === "ECONNRESET" || !socket.writable) {
        socket.destroy();
        return;
      }
      const status = error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
      deps.accounting.countOwn(status);
      socket.end(ownAnswerText(status));
    });
  }

  /** @throws AppError ALB_LISTEN */
  start(): Promise<void> {
    return listen(this.#server, this.#node.address, this.#config.port, this.#deps.loadBalancerName);
  }

  /** The port it listens on. */
  get port(): number {
    return portOf(this.#server);
  }

  configure(config: ListenerConfig): void {
    const certificates = this.#newCertificates(config);
    this.#config = config;
    this.#certificates = certificates;
    if (this.#certificates !== undefined && "setSecureContext" in this.#server)
      this.#server.setSecureContext(this.#certificates.defaultOptions);
    const { idleTimeoutMs } = this.#deps.attributes();
    this.#server.keepAliveTimeout = idleTimeoutMs;
    this.#server.headersTimeout = idleTimeoutMs;
  }

  #newCertificates({ tls }: ListenerConfig): ServerCertificates | undefined {
    return tls === undefined ? undefined : new ServerCertificates(tls, this.#deps.certificates());
  }

  #secureServer(options: ServerOptions, certificates: ServerCertificates): SecureServer {
    return createSecureServer({
      ...options,
      ...certificates.defaultOptions,
      SNICallback: (name, done) => done(null, this.#certificates?.contextFor(name)),
    });
  }

  close(): Promise<void> {
    for (const socket of this.#upgraded) socket.destroy();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { accounting, clock, attributes } = this.#deps;
    accounting.requests += 1;
    // A client that goes away while it sends makes the request fail too; `forward` sees the answer close.
    request.on("error", () => response.destroy());
    if (request.method === "TRACE") return this.#answer(response, 405);
    if (hasTooManyForwarded(request)) return this.#answer(response, 463);
    const chosen = this.#choose(request, response);
    if (chosen === undefined) return;
    const { connectTimeoutMs, idleTimeoutMs } = attributes();
    forward(request, response, { target: chosen, head: this.#head(request), connectTimeoutMs, idleTimeoutMs, clock, accounting });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { accounting, clock, attributes } = this.#deps;
    accounting.requests += 1;
    this.#upgraded.add(socket);
    socket.on("close", () => this.#upgraded.delete(socket));
    const target = this.#choose(request, undefined);
    if (target === undefined) {
      accounting.countOwn(503);
      socket.on("error", () => socket.destroy());
      socket.end(ownAnswerText(503));
      return;
    }
    forwardUpgrade(request, socket, head, {
      target,
      head: this.#head(request),
      idleTimeoutMs: attributes().idleTimeoutMs,
      clock,
      accounting,
    });
  }

  /** The target that the rules send `request` to; undefined when `response` has been answered, or there is none. */
  #choose(request: IncomingMessage, response: ServerResponse | undefined): Target | undefined {
    const ruleRequest = asRuleRequest(request);
    const action = actionFor(this.#config, ruleRequest);
    switch (action.type) {
      case "redirect": {
        if (response === undefined) return undefined;
        this.#deps.accounting.countOwn(action.statusCode);
        sendOwnAnswer(response, action.statusCode, [
          ["location", redirectLocation(action, ruleRequest, { protocol: this.#config.protocol, port: this.#externalPort })],
        ]);
        return undefined;
      }
      case "fixed-response": {
        if (response === undefined) return undefined;
        this.#deps.accounting.countOwn(action.statusCode);
        sendOwn(response, action.statusCode, { contentType: action.contentType, body: action.messageBody, extra: [] });
        return undefined;
      }
      case "forward": {
        const name = drawTargetGroup(action, this.#deps.random);
        const target = name === undefined ? undefined : this.#deps.targetGroup(name)?.select(this.#node.zone, this.#selector(name));
        if (target !== undefined) this.#deps.accounting.forwarded += 1;
        else if (response !== undefined) this.#answer(response, 503);
        return target;
      }
      default:
        return assertNever(action);
    }
  }

  #selector(targetGroup: string): Selector {
    const known = this.#selectors.get(targetGroup);
    if (known !== undefined) return known;
    const selector = new Selector(this.#deps.random);
    this.#selectors.set(targetGroup, selector);
    return selector;
  }

  #head(request: IncomingMessage): string[] {
    const { attributes, loadBalancerName, random, clock } = this.#deps;
    return requestHead(request, {
      attributes: attributes(),
      protocol: this.#config.protocol,
      externalPort: this.#externalPort,
      loadBalancerName,
      random,
      nowMs: clock.wallMs(),
    });
  }

  get #externalPort(): number {
    return this.#config.externalPort === 0 ? this.port : this.#config.externalPort;
  }

  #answer(response: ServerResponse, status: number): void {
    this.#deps.accounting.countOwn(status);
    sendOwnAnswer(response, status);
  }
}

function asRuleRequest(request: IncomingMessage): RuleRequest {
  const headers = new Map<string, string[]>();
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const name = (request.rawHeaders[index] ?? "").toLowerCase();
    const values = headers.get(name) ?? [];
    values.push(request.rawHeaders[index + 1] ?? "");
    headers.set(name, values);
  }
  return {
    method: request.method ?? "GET",
    host: request.headers.host ?? "",
    target: request.url ?? "/",
    headers,
    sourceAddress: request.socket.remoteAddress ?? "",
  };
}
