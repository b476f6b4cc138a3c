import { type AdminEndpoint, TEXT_TYPE, heldView, readDecision, send, sendJson } from "../../admin/index.ts";
import type { Clock } from "../../kernel/index.ts";
import { type FamilyDump, chooseExposition } from "../../telemetry/index.ts";
import { planText } from "../plan/print.ts";
import type { Controller } from "./controller.ts";
import type { ControllerStatus } from "./status-view.ts";

/** What the admin listener asks of the controller. Nothing of it asks another system. */
export interface AdminSubject {
  readonly isStopping: () => boolean;
  readonly status: () => ControllerStatus;
  readonly controller: Pick<Controller, "loadBalancersView" | "plan" | "held" | "decide">;
  /** All metrics, brought up to date. */
  readonly metrics: () => readonly FamilyDump[];
  readonly clock: Clock;
}

/** The admin listener of `holdfast alb` (docs/reference/alb-admin.md). */
export function adminEndpoints({ isStopping, status, controller, metrics, clock }: AdminSubject): readonly AdminEndpoint[] {
  return [
    { method: "GET", path: /^\/livez$/, sensitivity: "open", answer: ({ response }) => send(response, 200, TEXT_TYPE, "ok\n") },
    {
      method: "GET",
      path: /^\/readyz$/,
      sensitivity: "open",
      answer: ({ response }) => send(response, isStopping() ? 503 : 200, TEXT_TYPE, isStopping() ? "stopping\n" : "ok\n"),
    },
    { method: "GET", path: /^\/statusz$/, sensitivity: "open", answer: ({ response }) => sendJson(response, 200, status()) },
    {
      method: "GET",
      path: /^\/metrics$/,
      sensitivity: "open",
      answer({ request, response }) {
        const { contentType, render } = chooseExposition(request.headers.accept);
        response.setHeader("vary", "accept");
        send(response, 200, contentType, render(metrics()));
      },
    },
    {
      method: "GET",
      path: /^\/load-balancers$/,
      sensitivity: "inside",
      answer: ({ response }) => sendJson(response, 200, controller.loadBalancersView()),
    },
    {
      method: "GET",
      path: /^\/plan$/,
      sensitivity: "inside",
      answer({ response, url }) {
        const plan = controller.plan();
        if (plan === undefined)
          return sendJson(response, 503, { error: "there is no plan yet: this controller does not lead, or has just begun to" });
        if (url.searchParams.get("format") === "json") return sendJson(response, 200, plan);
        return send(response, 200, TEXT_TYPE, planText(plan));
      },
    },
    {
      method: "GET",
      path: /^\/held$/,
      sensitivity: "inside",
      answer: ({ response }) => sendJson(response, 200, heldView(controller.held(), 0, clock.wallMs())),
    },
    {
      method: "POST",
      path: /^\/held\/([^/]+)\/(approve|reject)$/,
      sensitivity: "change",
      async answer({ request, response, groups }) {
        const [id = "", verb] = groups;
        const decision = await readDecision(request, decodeURIComponent(id), verb === "approve" ? "approve" : "reject");
        const problem = controller.decide(decision);
        if (problem === undefined) sendJson(response, 200, { id: decision.id, verb: decision.verb, principal: decision.principal });
        else sendJson(response, 409, { error: problem });
      },
    },
  ];
}
