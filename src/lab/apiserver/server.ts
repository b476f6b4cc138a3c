import type { IncomingMessage, ServerResponse } from "node:http";
import { type Clock, type Random, messageOf, systemClock, systemRandom } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import { createAuthenticator } from "./access.ts";
import { bootstrap } from "./bootstrap.ts";
import { builtinKinds } from "./builtin-kinds.ts";
import { loadBuiltinSchemas } from "./builtin-schema.ts";
import { type ApiServerConfig, type CompleteConfig, readConfig } from "./config.ts";
import type { Core } from "./core.ts";
import { serveDefinitions } from "./definitions.ts";
import { type Listener, listen } from "./listener.ts";
import type { Call } from "./call.ts";
import { admit, dispatch, verbOf } from "./dispatch.ts";
import { type ServerMetrics, createServerMetrics } from "./server-metrics.ts";
import { answerOther, isPublic } from "./non-resource.ts";
import { type OpenApi, createOpenApi } from "./openapi.ts";
import { createProtobufDecoder } from "./protobuf-body.ts";
import { createRegistry } from "./registry.ts";
import { parseTarget } from "./request-info.ts";
import { StatusError, internalError, statusBody, tooManyRequests, unauthorized } from "./status.ts";
import { openStore } from "./store.ts";

/** A running API server. */
export interface ApiServer {
  /** `http://HOST:PORT`. */
  readonly url: string;
  /** `https://HOST:PORT`, the same port; undefined without a certificate. kubectl sends tokens to this one only. */
  readonly secureUrl: string | undefined;
  /** Ends watches, lets requests under way finish, closes the database. Idempotent. */
  close(): Promise<void>;
}

export interface ApiServerDeps {
  readonly log: Log;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** Starts to serve. Throws LAB_APISERVER_CONFIG, _STORE, _CERTIFICATE, _LISTEN. */
export async function createApiServer(options: ApiServerConfig, deps: ApiServerDeps): Promise<ApiServer> {
  const config = readConfig(options);
  const schemas = loadBuiltinSchemas();
  const core: Core = {
    store: openStore({ file: config.storeFile, windowEvents: config.watchWindow }),
    registry: createRegistry(builtinKinds(schemas)),
    clock: deps.clock ?? systemClock,
    random: deps.random ?? systemRandom,
    log: deps.log,
    serviceCidr: config.serviceCidr,
    decodeProtobuf: createProtobufDecoder(schemas),
  };
  await bootstrap(core, config);
  const endDefinitions = serveDefinitions(core);
  const closing = new AbortController();
  const front = new Front(core, config, createOpenApi(core.registry, schemas), closing.signal);
  const listener = await openListener(core, config, front);
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    closing.abort();
    await listener.close(2000);
    endDefinitions();
    core.store.close();
  };
  const { host, port } = listener;
  return {
    url: `http://${host}:${port}`,
    secureUrl: config.tls === undefined ? undefined : `https://${host}:${port}`,
    close: () => (closed ??= close()),
  };
}

async function openListener(core: Core, config: CompleteConfig, front: Front): Promise<Listener> {
  try {
    return await listen(config, (request, response) => void front.serve(request, response));
  } catch (error) {
    core.store.close();
    throw error;
  }
}

/** What every request passes: who it is, whether there is room, what it wants; and how errors are told. */
class Front {
  readonly #core: Core;
  readonly #config: CompleteConfig;
  readonly #signal: AbortSignal;
  readonly #authenticate: ReturnType<typeof createAuthenticator>;
  readonly #metrics: ServerMetrics;
  readonly #openApi: OpenApi;
  #inFlight = 0;

  constructor(core: Core, config: CompleteConfig, openApi: OpenApi, signal: AbortSignal) {
    this.#openApi = openApi;
    this.#core = core;
    this.#config = config;
    this.#signal = signal;
    this.#authenticate = createAuthenticator(config.tokens);
    this.#metrics = createServerMetrics(core.store);
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#inFlight++;
    let counted = true;
    const release = (): void => {
      if (counted) this.#inFlight--;
      counted = false;
    };
    const seen = { verb: request.method ?? "", resource: "" };
    try {
      await this.#answer(request, response, seen, release);
    } catch (error) {
      this.#sendError(response, error);
    } finally {
      release();
      this.#metrics.count(seen.verb, seen.resource, response.statusCode);
    }
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    seen: { verb: string; resource: string },
    release: () => void,
  ): Promise<void> {
    const url = new URL(request.url ?? "/", "http://lab");
    const target = parseTarget(url.pathname);
    const user = this.#authenticate(request.headers.authorization);
    if (user === undefined && !isPublic(url.pathname)) throw unauthorized();
    if (target.kind === "other") {
      const answer = answerOther({ core: this.#core, metrics: this.#metrics, openApi: this.#openApi }, request, url);
      send(response, answer.code, answer.contentType, answer.body);
      return;
    }
    if (user === undefined) throw unauthorized();
    const call: Call = { core: this.#core, config: this.#config, request, response, query: url.searchParams, user, signal: this.#signal };
    seen.verb = verbOf(request.method ?? "", target, url.searchParams);
    seen.resource = target.subresource === undefined ? target.plural : `${target.plural}/${target.subresource}`;
    const type = admit(call, target, seen.verb);
    if (seen.verb === "watch" || target.subresource === "log") release();
    else if (this.#inFlight > this.#config.maxInFlight) throw tooManyRequests("Too many requests, please try again later.", 1);
    const answer = await dispatch(call, target, type, seen.verb);
    if (answer !== undefined) send(response, answer.code, "application/json", answer.json);
  }

  #sendError(response: ServerResponse, error: unknown): void {
    const status = error instanceof StatusError ? error : internalError(messageOf(error));
    if (!(error instanceof StatusError)) this.#core.log.error({ err: error }, "request failed");
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    if (status.reason === "") {
      send(response, status.code, "text/plain; charset=utf-8", `${status.message}\n`);
      return;
    }
    const retryAfter = status.details?.["retryAfterSeconds"];
    if (typeof retryAfter === "number") response.setHeader("retry-after", String(retryAfter));
    // What is left of a body that was refused is not read, so the connection cannot be used again.
    if (status.code === 413) response.setHeader("connection", "close");
    if (status.code === 401) response.setHeader("www-authenticate", 'Bearer realm="holdfast-lab"');
    send(response, status.code, "application/json", JSON.stringify(statusBody(status)));
  }
}

function send(response: ServerResponse, code: number, contentType: string, body: string | Buffer): void {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  response.writeHead(code, { "content-type": contentType, "content-length": bytes.length, "cache-control": "no-cache, private" });
  response.end(bytes);
}
