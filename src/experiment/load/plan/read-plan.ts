import { type JsonObject, written } from "../../document/json.ts";
import { LOAD_LIMITS } from "./limits.ts";
import type { LoadPlan, PlannedRequest } from "./load-plan.ts";
import { PHASE_FORMS, type Segment, durationOf, readPhase, requestsOf, secondsOf } from "./phases.ts";
import { PlanFields } from "./plan-fields.ts";
import { PlanProblem, placed } from "./plan-problem.ts";
import { readRequest } from "./read-request.ts";

/** A plan, and what else stands beside it in its file. */
export interface ReadPlan {
  readonly plan: LoadPlan;
  /** As they are written; see slo.ts. */
  readonly slo: readonly string[];
  /** File of authorities in PEM. */
  readonly authorities: string | undefined;
}

/** Reads a plan (docs/reference/load.md). Throws {@link PlanProblem}, an AppError `EXPERIMENT_LOAD_PLAN`. */
export function readPlan(value: JsonObject): ReadPlan {
  const fields = new PlanFields(value, []);
  const urls = [...fields.texts("url", 1), ...fields.texts("urls", 16)];
  if (urls.length === 0) throw new PlanProblem([], "say where to: url: http://127.0.0.1:8080");
  const targets = urls.map((url, index) => readTarget(url, fields.get("urls") === undefined ? ["url"] : ["urls", index]));
  const slo = fields.texts("slo", 20);
  const tls = fields.object("tls");
  const authorities = tls.text("ca");
  const isInsecure = tls.flag("insecure");
  tls.end();
  const plan: LoadPlan = {
    name: fields.text("name") ?? "load",
    targets,
    requests: readRequests(fields),
    segments: readSegments(fields),
    arrival: fields.choice("arrival", ["constant", "poisson"]) ?? "constant",
    replay: undefined,
    timeoutMs: readTimeout(fields),
    connections: fields.integer("connections", 1, LOAD_LIMITS.connections) ?? 1000,
    resend: fields.flag("resend"),
    tls: { authorities: undefined, isInsecure, serverName: undefined, certificate: undefined, key: undefined },
  };
  fields.end();
  return { plan, slo, authorities };
}

/** `http://127.0.0.1:8080` or https. Throws AppError `EXPERIMENT_LOAD_PLAN`. */
function readTarget(text: string, path: readonly (string | number)[]): URL {
  const url = URL.parse(text);
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== "" ||
    url.pathname !== "/" ||
    url.search !== "" ||
    url.hash !== ""
  )
    throw new PlanProblem(path, `${JSON.stringify(text)}: write a URL as in http://127.0.0.1:8080; paths go into path or requests`);
  return url;
}

function readSegments(fields: PlanFields): readonly Segment[] {
  const phases = fields.texts("phases", 1000);
  const rate = fields.number("rate", 0.001, LOAD_LIMITS.ratePerSecond);
  const duration = fields.get("duration");
  if (phases.length > 0 === (rate !== undefined))
    throw new PlanProblem([], `say how much: rate and duration, or phases, each one of ${PHASE_FORMS}`);
  const segments =
    rate === undefined
      ? phases.flatMap((phase, index) => placed([...fields.at("phases"), index], () => readPhase(phase)))
      : [{ fromPerSecond: rate, toPerSecond: rate, seconds: placed(fields.at("duration"), () => durationOf(written(duration))) }];
  const path = fields.at(rate === undefined ? "phases" : "duration");
  if (secondsOf(segments) > LOAD_LIMITS.durationS)
    throw new PlanProblem(path, `this takes more than ${LOAD_LIMITS.durationS / 3600} hours`);
  if (requestsOf(segments) > LOAD_LIMITS.requests) throw new PlanProblem(path, `these are more than ${LOAD_LIMITS.requests} requests`);
  return segments;
}

/** `requests`, or the one that is written in the plan itself, to each of `hosts`. */
function readRequests(fields: PlanFields): readonly PlannedRequest[] {
  const written = fields.list("requests", LOAD_LIMITS.templates);
  const hosts = fields.texts("hosts", LOAD_LIMITS.templates);
  const own = readRequest(fields, true);
  if (written.length === 0)
    return hosts.length === 0
      ? [own]
      : hosts
          .map((host, index) => readRequest(new PlanFields({ host }, [...fields.at("hosts"), index]), true))
          .map(({ host }) => ({ ...own, host }));
  return written.map((entry, index) => {
    const request = new PlanFields(entry, [...fields.at("requests"), index]);
    const read = readRequest(request, false);
    request.end();
    return read;
  });
}

function readTimeout(fields: PlanFields): number {
  const given = fields.get("timeout");
  if (given === undefined) return 10_000;
  const timeoutMs = placed(fields.at("timeout"), () => durationOf(written(given))) * 1000;
  if (timeoutMs > LOAD_LIMITS.timeoutMs) throw new PlanProblem(fields.at("timeout"), `timeout: at most ${LOAD_LIMITS.timeoutMs / 1000} s`);
  return timeoutMs;
}
