import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { send, TEXT_TYPE } from "../../../admin/index.ts";
import { AppError, messageOf } from "../../../kernel/index.ts";
import { type MetricsRegistry, chooseExposition } from "../../../telemetry/index.ts";
import { formatAddress } from "../address.ts";
import type { TcpProxy } from "../tcp/tcp-proxy.ts";
import type { CountedRule } from "../http/rule-book.ts";
import { guardRequest } from "./guard.ts";
import type { ProxyBook } from "./proxy-book.ts";
import { readJson, readProxies, readProxy } from "./read-body.ts";
import { Refused } from "./refused.ts";

/** Whose API this is. */
const TOXIPROXY_VERSION = "2.12.0";
const JSON_TYPE = "application/json";
const LONGEST_BODY_BYTES = 1024 * 1024;

export interface ControlOptions {
  readonly address: { readonly host: string; readonly port: number };
  /** When given, every request but `/version` must carry it; Toxiproxy's own clients send none. */
  readonly token: string | undefined;
}

export interface ControlServer {
  readonly address: string;
  close(): void;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

/** What is done at a path. */
interface Endpoint {
  readonly method: readonly string[];
  readonly path: RegExp;
  answer(names: readonly string[], body: string): Answer | Promise<Answer>;
}

/** The control API, as Toxiproxy 2.12 answers. Rejects with AppError `FAULT_PROXY_LISTEN`. */
export function openControlServer(book: ProxyBook, metrics: MetricsRegistry, options: ControlOptions): Promise<ControlServer> {
  const endpoints = endpointsOf(book);
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000, maxHeaderSize: 16_384 }, (request, response) => {
    serve(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else if (error instanceof Refused) sendError(response, error.status, error.message);
      else sendError(response, 500, messageOf(error));
    });
  });
  server.maxConnections = 256;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    guardRequest(request, options);
    const path = URL.parse(request.url ?? "", "http://control")?.pathname ?? "";
    const { method = "" } = request;
    if (path === "/metrics" && method === "GET") {
      const { contentType, render } = chooseExposition(request.headers.accept);
      send(response, 200, contentType, render(metrics.dump()));
      return;
    }
    const matching = endpoints.map((endpoint) => ({ endpoint, match: endpoint.path.exec(path) })).filter(({ match }) => match !== null);
    const found = matching.find(({ endpoint }) => endpoint.method.includes(method));
    if (found === undefined) {
      send(response, matching.length > 0 ? 405 : 404, TEXT_TYPE, matching.length > 0 ? "" : "404 page not found\n");
      return;
    }
    const body = await readText(request);
    const names = (found.match ?? []).slice(1).map((name) => decodeURIComponent(name ?? ""));
    const { status, body: answer } = await found.endpoint.answer(names, body);
    if (answer === undefined) response.writeHead(status).end();
    else send(response, status, JSON_TYPE, JSON.stringify(answer));
  }

  return new Promise((resolve, reject) => {
    const place = formatAddress(options.address.host, options.address.port);
    server.once("error", (error) =>
      reject(
        new AppError(
          "FAULT_PROXY_LISTEN",
          `the control API cannot listen on ${place} (${messageOf(error)}); choose another with --control ADDR:PORT`,
          {
            cause: error,
          },
        ),
      ),
    );
    server.listen(options.address, () => {
      server.on("error", () => {});
      const bound = server.address();
      resolve({
        address: typeof bound === "object" && bound !== null ? formatAddress(bound.address, bound.port) : place,
        close() {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}

function endpointsOf(book: ProxyBook): readonly Endpoint[] {
  const proxy = "/proxies/([^/]+)";
  return [
    {
      method: ["GET"],
      path: /^\/version$/,
      answer: () => ({ status: 200, body: { version: TOXIPROXY_VERSION } }),
    },
    {
      method: ["POST"],
      path: /^\/reset$/,
      answer: async () => {
        await book.reset();
        return { status: 204 };
      },
    },
    {
      method: ["GET"],
      path: /^\/proxies$/,
      answer: () => ({ status: 200, body: Object.fromEntries(book.all().map((each) => [each.name, shownIn(book, each)])) }),
    },
    {
      method: ["POST"],
      path: /^\/proxies$/,
      answer: async (_names, body) => ({ status: 201, body: shownIn(book, await book.create(readProxy(readJson(body)))) }),
    },
    { method: ["POST"], path: /^\/populate$/, answer: (_names, body) => populate(book, body) },
    { method: ["GET"], path: new RegExp(`^${proxy}$`), answer: ([name = ""]) => ({ status: 200, body: shownIn(book, book.get(name)) }) },
    {
      method: ["POST", "PATCH"],
      path: new RegExp(`^${proxy}$`),
      answer: async ([name = ""], body) => {
        book.get(name);
        return { status: 200, body: shownIn(book, await book.update(name, readProxy(readJson(body)))) };
      },
    },
    {
      method: ["DELETE"],
      path: new RegExp(`^${proxy}$`),
      answer: async ([name = ""]) => {
        await book.remove(name);
        return { status: 204 };
      },
    },
    {
      method: ["GET"],
      path: new RegExp(`^${proxy}/toxics$`),
      answer: ([name = ""]) => ({ status: 200, body: shownIn(book, book.get(name)).toxics }),
    },
    {
      method: ["POST"],
      path: new RegExp(`^${proxy}/toxics$`),
      answer: ([name = ""], body) => {
        book.get(name);
        return { status: 200, body: book.addToxic(name, readJson(body)) };
      },
    },
    {
      method: ["GET"],
      path: new RegExp(`^${proxy}/toxics/([^/]+)$`),
      answer: ([name = "", toxic = ""]) => ({ status: 200, body: book.toxic(name, toxic) }),
    },
    {
      method: ["POST", "PATCH"],
      path: new RegExp(`^${proxy}/toxics/([^/]+)$`),
      answer: ([name = "", toxic = ""], body) => {
        book.toxic(name, toxic);
        return { status: 200, body: book.changeToxic(name, toxic, readJson(body)) };
      },
    },
    {
      method: ["DELETE"],
      path: new RegExp(`^${proxy}/toxics/([^/]+)$`),
      answer: ([name = "", toxic = ""]) => {
        book.removeToxic(name, toxic);
        return { status: 204 };
      },
    },
    ...ruleEndpoints(book, proxy),
  ];
}

/** Rules of HTTP, which Toxiproxy has not. */
function ruleEndpoints(book: ProxyBook, proxy: string): readonly Endpoint[] {
  return [
    {
      method: ["GET"],
      path: new RegExp(`^${proxy}/rules$`),
      answer: ([name = ""]) => ({ status: 200, body: book.front(name).rules.all().map(shownRule) }),
    },
    {
      method: ["POST"],
      path: new RegExp(`^${proxy}/rules$`),
      answer: ([name = ""], body) => ({ status: 200, body: shownRule(book.front(name).addRule(readJson(body))) }),
    },
    {
      method: ["GET"],
      path: new RegExp(`^${proxy}/rules/([^/]+)$`),
      answer: ([name = "", rule = ""]) => ({ status: 200, body: shownRule(book.front(name).rules.get(rule)) }),
    },
    {
      method: ["DELETE"],
      path: new RegExp(`^${proxy}/rules/([^/]+)$`),
      answer: ([name = "", rule = ""]) => {
        book.front(name).rules.remove(rule);
        return { status: 204 };
      },
    },
  ];
}

/** Toxiproxy answers the proxies that were made beside the error; none is what it mostly is. */
async function populate(book: ProxyBook, body: string): Promise<Answer> {
  try {
    const proxies = await book.populate(readProxies(readJson(body)));
    return { status: 201, body: { proxies: proxies.map((proxy) => shownIn(book, proxy)) } };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { status: error.status, body: { error: error.message, status: error.status, proxies: null } };
  }
}

function shownIn(book: ProxyBook, proxy: TcpProxy): { readonly [field: string]: unknown; readonly toxics: readonly unknown[] } {
  const { name, listen, upstream, toxics } = proxy;
  const shown = { name, listen, upstream, enabled: proxy.isEnabled, toxics };
  return book.isHttp(proxy) ? { ...shown, protocol: "http", rules: book.front(name).rules.all().map(shownRule) } : shown;
}

function shownRule({ rule, seen, taken }: CountedRule): unknown {
  return { ...(rule.written as object), seen, taken };
}

/** As Toxiproxy sends errors: JSON that is called plain text. */
function sendError(response: ServerResponse, status: number, message: string): void {
  send(response, status, TEXT_TYPE, `${JSON.stringify({ error: message, status })}\n`);
}

async function readText(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > LONGEST_BODY_BYTES) throw new Refused(413, `bad request body: it is longer than ${LONGEST_BODY_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
