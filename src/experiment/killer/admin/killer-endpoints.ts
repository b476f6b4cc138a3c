import { type AdminEndpoint, TEXT_TYPE, readDecision, send, sendJson } from "../../../admin/index.ts";
import { type Clock, messageOf } from "../../../kernel/index.ts";
import type { Leader } from "../../../kube/index.ts";
import { type MetricsRegistry, chooseExposition } from "../../../telemetry/index.ts";
import type { Killer } from "../killer.ts";
import type { KillerOptions } from "../killer-options.ts";

import { printPlan } from "../plan/print-plan.ts";
import type { KillerPlan } from "../plan/plan-now.ts";

export interface KillerSubject {
  readonly options: KillerOptions;
  readonly killer: Killer;
  readonly leader: Leader;
  readonly metrics: MetricsRegistry;
  readonly clock: Clock;
  readonly isStopping: () => boolean;
  readonly plan: () => Promise<KillerPlan>;
  readonly halt: (reason: string | undefined) => Promise<void>;
}

/** The admin listener of `holdfast chaos run` (docs/reference/chaos.md). */
export function killerEndpoints(subject: KillerSubject): readonly AdminEndpoint[] {
  const { killer, metrics, clock, isStopping } = subject;
  const alive = (path: RegExp): AdminEndpoint => ({
    method: "GET",
    path,
    sensitivity: "open",
    answer: ({ response }) => send(response, 200, TEXT_TYPE, "ok\n"),
  });
  return [
    alive(/^\/livez$/),
    alive(/^\/healthz$/),
    {
      method: "GET",
      path: /^\/readyz$/,
      sensitivity: "open",
      answer: ({ response }) => send(response, isStopping() ? 503 : 200, TEXT_TYPE, isStopping() ? "stopping\n" : "ok\n"),
    },
    { method: "GET", path: /^\/statusz$/, sensitivity: "open", answer: ({ response }) => sendJson(response, 200, statusOf(subject)) },
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
      path: /^\/plan$/,
      sensitivity: "inside",
      async answer({ response }) {
        if (subject.options.instances === undefined) send(response, 200, TEXT_TYPE, printPlan(await subject.plan()));
        else sendJson(response, 404, { error: "plans are of pods; with --prey instances see /schedule and /record" });
      },
    },
    {
      method: "GET",
      path: /^\/schedule$/,
      sensitivity: "inside",
      answer: ({ response }) =>
        sendJson(response, 200, {
          turns: killer.schedule(clock.wallMs()).map(({ id, atMs }) => ({ id, at: new Date(atMs).toISOString() })),
        }),
    },
    {
      method: "GET",
      path: /^\/record$/,
      sensitivity: "inside",
      answer: ({ response }) => sendJson(response, 200, killer.levers?.record ?? {}),
    },
    {
      method: "POST",
      path: /^\/(halt|resume)$/,
      sensitivity: "change",
      async answer({ request, response, groups: [verb] }) {
        const { principal, reason } = await readDecision(request, "all", verb === "halt" ? "reject" : "approve");
        try {
          await subject.halt(verb === "halt" ? `${principal}: ${reason}` : undefined);
          sendJson(response, 200, { halted: verb === "halt", principal, reason });
        } catch (error) {
          sendJson(response, 502, {
            error: `it was not written: ${messageOf(error)}; create the file of --halt-file, or scale the killer to 0`,
          });
        }
      },
    },
  ];
}

function statusOf({ options, killer, leader, clock }: KillerSubject): object {
  const { calendar, isDry, pace, name } = options;
  const nowMs = clock.wallMs();
  const { isLeading, holder } = leader.status();
  const { last, levers, problem } = killer;
  const next = killer.schedule(nowMs).find(({ atMs }) => atMs > nowMs);
  return {
    name,
    dryRun: isDry,
    pace,
    leads: isLeading,
    leader: holder ?? null,
    halted: levers?.halted ?? null,
    quiet: calendar.quiet(nowMs) ?? null,
    problem: problem ?? null,
    nextTurn: next === undefined ? null : { id: next.id, at: new Date(next.atMs).toISOString() },
    lastTurn: last === undefined ? null : { ...last, atMs: undefined, at: new Date(last.atMs).toISOString() },
  };
}
