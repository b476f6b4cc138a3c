import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";

import { AppError, type Clock, messageOf } from "../../kernel/index.ts";
import { chooseExposition, mergeDumps } from "../../telemetry/index.ts";
import { decodeGeneration } from "../generation.ts";
import type { ListenAddress } from "../listeners.ts";
import type { Supervisor } from "../supervisor.ts";
import { readDecision } from "./decision.ts";
import { type Sensitivity, isLoopbackAddress, refusal } from "./guard.ts";
import { supervisorMetrics } from "./metrics.ts";
import { heldView, statusView } from "./views.ts";

/** The admin listener of a router (docs/reference/admin.md). */
export interface AdminListener {
  readonly port: number;
  readonly close: () => void;
}

interface Endpoint {
  readonly method: "GET" | "POST";
  readonly path: RegExp;
  readonly sensitivity: Sensitivity;
  readonly answer: (context: Context) => void | Promise<void>;
}

interface Context {
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly groups: readonly string[];
}

const JSON_TYPE = "application/json";
const TEXT_TYPE = "text/plain; charset=utf-8";

const endpoints: readonly Endpoint[] = [
  { method: "GET", path: /^\/livez$/, sensitivity: "open", answer: ({ response }) => send(response, 200, TEXT_TYPE, "ok\n") },
  { method: "GET", path: /^\/readyz$/, sensitivity: "open", answer: answerReady },
  {
    method: "GET",
    path: /^\/statusz$/,
    sensitivity: "open",
    answer: ({ supervisor, response }) => sendJson(response, 200, statusView(supervisor)),
  },
  { method: "GET", path: /^\/metrics$/, sensitivity: "open", answer: answerMetrics },
  { method: "GET", path: /^\/routes$/, sensitivity: "inside", answer: answerRoutes },
  {
    method: "GET",
    path: /^\/held$/,
    sensitivity: "inside",
    answer: ({ supervisor, response, clock }) => sendJson(response, 200, heldView(supervisor, clock.wallMs())),
  },
  { method: "POST", path: /^\/held\/([^/]+)\/(approve|reject)$/, sensitivity: "change", answer: answerDecision },
];

/** Listens. Rejects with AppError `ROUTER_ADMIN_LISTEN` when the address cannot be had. */
export function openAdminListener(supervisor: Supervisor, address: ListenAddress, deps: { readonly clock: Clock }): Promise<AdminListener> {
  const guard = { isLoopback: isLoopbackAddress(address.host), token: supervisor.options.adminToken };
  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: 75_000, maxHeaderSize: 16_384 },
    (request, response) => {
      const url = URL.parse(request.url ?? "", "http://admin");
      const method = request.method === "HEAD" ? "GET" : request.method;
      const matching = endpoints
        .map((endpoint) => ({ endpoint, match: endpoint.path.exec(url?.pathname ?? "") }))
        .filter(({ match }) => match !== null);
      const found = matching.find(({ endpoint }) => endpoint.method === method);
      if (url === null || found === undefined) {
        if (matching.length > 0) response.setHeader("allow", matching.map(({ endpoint }) => endpoint.method).join(", "));
        send(
          response,
          matching.length > 0 ? 405 : 404,
          TEXT_TYPE,
          "see docs/reference/admin.md: /livez /readyz /statusz /metrics /routes /held\n",
        );
        return;
      }
      const refused = refusal(request, found.endpoint.sensitivity, guard);
      if (refused !== undefined) {
        sendJson(response, refused.status, { error: refused.message });
        return;
      }
      const context: Context = { supervisor, clock: deps.clock, request, response, url, groups: found.match?.slice(1) ?? [] };
      new Promise<void>((resolve) => resolve(found.endpoint.answer(context))).catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else
          sendJson(response, error instanceof AppError && error.code === "ROUTER_ADMIN_REQUEST" ? 400 : 500, { error: messageOf(error) });
      });
    },
  );
  server.maxConnections = 256;
  return listen(server, address);
}

function listen(server: Server, address: ListenAddress): Promise<AdminListener> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const place = `${address.host}:${address.port}`;
      reject(
        new AppError(
          "ROUTER_ADMIN_LISTEN",
          `the admin listener cannot listen on ${place} (${messageOf(error)}); choose another with --admin ADDR:PORT`,
          { cause: error },
        ),
      );
    });
    server.listen({ host: address.host, port: address.port }, () => {
      server.on("error", () => {});
      const bound = server.address();
      resolve({
        port: typeof bound === "object" && bound !== null ? bound.port : address.port,
        close() {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}

async function answerReady({ supervisor, response }: Context): Promise<void> {
  if (supervisor.phase !== "running") return send(response, 503, TEXT_TYPE, "draining\n");
  // The health check of 2017: it asks the API server, and that is what took every node out of the load balancer.
  if (supervisor.options.policy === "naive") {
    const answers = await supervisor.apiAnswers();
    return send(response, answers ? 200 : 503, TEXT_TYPE, answers ? "ok\n" : "the API server does not answer\n");
  }
  send(response, supervisor.isReady ? 200 : 503, TEXT_TYPE, supervisor.isReady ? "ok\n" : "no table yet\n");
}

async function answerMetrics({ supervisor, request, response, clock }: Context): Promise<void> {
  const children = await supervisor.childMetrics();
  const { contentType, render } = chooseExposition(request.headers.accept);
  response.setHeader("vary", "accept");
  send(response, 200, contentType, render(mergeDumps([supervisorMetrics(statusView(supervisor), clock.wallMs()), children])));
}

async function answerRoutes({ supervisor, response, url }: Context): Promise<void> {
  const newest = supervisor.newestGeneration();
  if (newest === undefined) return sendJson(response, 503, { error: "there is no table yet" });
  const generation = decodeGeneration(newest);
  response.setHeader("x-generation", String(generation.header.number));
  // Loaded here: it is needed for this answer alone, and the supervisor must be up before anything else.
  const [{ inlinePools, printEskip, redactRoutes }, { routeRegistry }] = await Promise.all([
    import("../../route/index.ts"),
    import("../../auth/index.ts"),
  ]);
  const routes = redactRoutes(generation.routes, routeRegistry());
  if (url.searchParams.get("format") === "json") return sendJson(response, 200, { ...generation.header, routes, pools: generation.pools });
  send(response, 200, TEXT_TYPE, printEskip(inlinePools({ ...generation, routes })));
}

async function answerDecision({ supervisor, request, response, groups }: Context): Promise<void> {
  const [id = "", verb] = groups;
  const decision = await readDecision(request, decodeURIComponent(id), verb === "approve" ? "approve" : "reject");
  const problem = await supervisor.decide(decision);
  const { verb: decided, principal, reason, ttlSeconds } = decision;
  supervisor.log.warn(
    { audit: true, held: decision.id, verb: decided, principal, reason, ttlSeconds, problem },
    "decision on a held removal",
  );
  if (problem === undefined) sendJson(response, 200, { id: decision.id, verb: decided, principal });
  else sendJson(response, 409, { error: problem });
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  send(response, status, JSON_TYPE, `${JSON.stringify(body, null, 2)}\n`);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, {
    "content-type": type,
    "content-length": length,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}
