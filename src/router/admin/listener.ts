import {
  type AdminEndpoint,
  type AdminExchange,
  type AdminListener,
  TEXT_TYPE,
  heldView,
  openAdminListener,
  readDecision,
  send,
  sendJson,
} from "../../admin/index.ts";
import type { Clock } from "../../kernel/index.ts";
import { chooseExposition, mergeDumps } from "../../telemetry/index.ts";
import { decodeGeneration } from "../generation.ts";
import type { ListenAddress } from "../listeners.ts";
import type { Supervisor } from "../supervisor.ts";
import { supervisorMetrics } from "./metrics.ts";
import { statusView } from "./views.ts";

interface Context extends AdminExchange {
  readonly supervisor: Supervisor;
  readonly clock: Clock;
}

interface RouterEndpoint extends Omit<AdminEndpoint, "answer"> {
  readonly answer: (context: Context) => void | Promise<void>;
}

const endpoints: readonly RouterEndpoint[] = [
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
    answer: ({ supervisor, response, clock }) =>
      sendJson(response, 200, heldView(supervisor.status?.value.held ?? [], supervisor.status?.ageMs, clock.wallMs())),
  },
  { method: "POST", path: /^\/held\/([^/]+)\/(approve|reject)$/, sensitivity: "change", answer: answerDecision },
];

/** The admin listener of a router (docs/reference/admin.md). Rejects with AppError `ADMIN_LISTEN` when the address cannot be had. */
export function openRouterAdmin(supervisor: Supervisor, address: ListenAddress, deps: { readonly clock: Clock }): Promise<AdminListener> {
  return openAdminListener({
    address,
    token: supervisor.options.adminToken,
    endpoints: endpoints.map(({ answer, ...endpoint }) => ({
      ...endpoint,
      answer: (exchange) => answer({ ...exchange, supervisor, clock: deps.clock }),
    })),
    hint: "see docs/reference/admin.md: /livez /readyz /statusz /metrics /routes /held",
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
