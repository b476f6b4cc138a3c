import {
  type AdminEndpoint,
  type HeldRemoval,
  type HoldDecision,
  TEXT_TYPE,
  heldView,
  readDecision,
  send,
  sendJson,
} from "../../admin/index.ts";
import { type MetricsRegistry, chooseExposition } from "../../telemetry/index.ts";
import type { Clock } from "../../kernel/index.ts";
import type { LoadBalancersView } from "../view.ts";
import type { ControllerStatus } from "./status-view.ts";

/** What the admin listener asks of the controller. Nothing of it asks another system. */
export interface AdminSubject {
  readonly isStopping: boolean;
  statusView(): ControllerStatus;
  loadBalancersView(): LoadBalancersView;
  /** The plan of the last reconcile; undefined before the first. */
  planText(): string | undefined;
  planJson(): object | undefined;
  held(): readonly HeldRemoval[];
  /** Why it is not done; undefined when it is. */
  decide(decision: HoldDecision): string | undefined;
}

/** The admin listener of `holdfast alb` (docs/reference/alb-admin.md). */
export function adminEndpoints(
  subject: AdminSubject,
  { clock, metrics }: { readonly clock: Clock; readonly metrics: MetricsRegistry },
): readonly AdminEndpoint[] {
  return [
    { method: "GET", path: /^\/livez$/, sensitivity: "open", answer: ({ response }) => send(response, 200, TEXT_TYPE, "ok\n") },
    {
      method: "GET",
      path: /^\/readyz$/,
      sensitivity: "open",
      answer: ({ response }) => send(response, subject.isStopping ? 503 : 200, TEXT_TYPE, subject.isStopping ? "stopping\n" : "ok\n"),
    },
    { method: "GET", path: /^\/statusz$/, sensitivity: "open", answer: ({ response }) => sendJson(response, 200, subject.statusView()) },
    {
      method: "GET",
      path: /^\/metrics$/,
      sensitivity: "open",
      answer({ request, response }) {
        const { contentType, render } = chooseExposition(request.headers.accept);
        response.setHeader("vary", "accept");
        send(response, 200, contentType, render(metrics.dump()));
      },
    },
    {
      method: "GET",
      path: /^\/load-balancers$/,
      sensitivity: "inside",
      answer: ({ response }) => sendJson(response, 200, subject.loadBalancersView()),
    },
    {
      method: "GET",
      path: /^\/plan$/,
      sensitivity: "inside",
      answer({ response, url }) {
        const isJson = url.searchParams.get("format") === "json";
        const plan = isJson ? subject.planJson() : subject.planText();
        if (plan === undefined)
          return sendJson(response, 503, { error: "there is no plan yet: this controller does not lead, or has just begun to" });
        return typeof plan === "string" ? send(response, 200, TEXT_TYPE, plan) : sendJson(response, 200, plan);
      },
    },
    {
      method: "GET",
      path: /^\/held$/,
      sensitivity: "inside",
      answer: ({ response }) => sendJson(response, 200, heldView(subject.held(), 0, clock.wallMs())),
    },
    {
      method: "POST",
      path: /^\/held\/([^/]+)\/(approve|reject)$/,
      sensitivity: "change",
      async answer({ request, response, groups }) {
        const [id = "", verb] = groups;
        const decision = await readDecision(request, decodeURIComponent(id), verb === "approve" ? "approve" : "reject");
        const problem = subject.decide(decision);
        if (problem === undefined) sendJson(response, 200, { id: decision.id, verb: decision.verb, principal: decision.principal });
        else sendJson(response, 409, { error: problem });
      },
    },
  ];
}
