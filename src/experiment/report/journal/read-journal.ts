import { AppError, formatProblem, messageOf } from "../../../kernel/index.ts";
import { type Json, type JsonObject, isObject, objectAt, objectsAt, textAt } from "../../document/json.ts";
import { placeOfMistake } from "../../document/json-mistake.ts";
import { instantOf } from "./instant.ts";
import { readEvidence } from "./read-evidence.ts";
import type { ActivityRun, Journal, RunStatus, SteadyState } from "../../run/journal.ts";

/** What a journal of an hour of looks every second, with what they answered, is well below. */
const LIMIT_BYTES = 256 * 1024 * 1024;
const STATUSES: readonly string[] = ["completed", "failed", "aborted", "interrupted"] satisfies readonly RunStatus[];

/**
 * Reads a journal: ours, or one of Chaos Toolkit back to 0.18, which knew no `deviated`, no `during`, and left the status of what was
 * interrupted out. What is there is checked, what older ones lack is put in. Throws AppError `REPORT_JOURNAL`, `file:line:column: …`.
 */
export function readJournal(text: string, file: string): Journal {
  const value = parse(text, file);
  const fail = (message: string): never => {
    throw unreadable(
      file,
      0,
      0,
      `is no journal: ${message}; a journal is what 'holdfast experiment run --journal FILE' or 'chaos run' writes`,
    );
  };
  if (!isObject(value)) return fail("it holds no object");
  const experiment = value["experiment"];
  if (!isObject(experiment)) return fail("it has no field 'experiment'");
  for (const field of ["start", "end"])
    if (Number.isNaN(instantOf(textAt(value, field)))) return fail(`its field '${field}' is no time (ISO 8601)`);
  const states = objectAt(value, "steady_states");
  const restored = stateAt(states["restored"]);
  const status = textAt(value, "status") ?? "";
  const after = stateAt(states["after"]);
  const start = textAt(value, "start") ?? "";
  const end = textAt(value, "end") ?? "";
  const duration = value["duration"];
  const evidence = readEvidence(value["holdfast"]);
  return {
    ...(evidence === undefined ? {} : { holdfast: evidence }),
    "chaoslib-version": textAt(value, "chaoslib-version") ?? "unknown",
    platform: textAt(value, "platform") ?? "unknown",
    node: textAt(value, "node") ?? "unknown",
    experiment,
    start,
    end,
    duration: typeof duration === "number" ? duration : (instantOf(end) - instantOf(start)) / 1000,
    status: STATUSES.includes(status) ? (status as RunStatus) : null,
    deviated: typeof value["deviated"] === "boolean" ? value["deviated"] : after?.steady_state_met === false,
    steady_states: {
      before: stateAt(states["before"]) ?? null,
      after: after ?? null,
      during: objectsAt(states, "during").flatMap((state) => stateAt(state) ?? []),
      ...(restored === undefined ? {} : { restored }),
    },
    run: objectsAt(value, "run").map(runOf),
    rollbacks: objectsAt(value, "rollbacks").map(runOf),
  };
}

function parse(text: string, file: string): Json {
  if (text.length > LIMIT_BYTES) throw unreadable(file, 0, 0, `is larger than ${LIMIT_BYTES} bytes`);
  try {
    return JSON.parse(text.replace(/^\uFEFF/, "")) as Json;
  } catch (error) {
    const { line, column } = placeOfMistake(text);
    throw unreadable(file, line, column, `is no JSON: ${messageOf(error).replace(/ in JSON at .*$/, "")}`);
  }
}

function stateAt(value: Json | undefined): SteadyState | undefined {
  if (!isObject(value)) return undefined;
  const met = value["steady_state_met"];
  return { steady_state_met: typeof met === "boolean" ? met : null, probes: objectsAt(value, "probes").map(runOf) };
}

function runOf(value: JsonObject): ActivityRun {
  const exception = value["exception"];
  const lines = Array.isArray(exception) ? exception.filter((line) => typeof line === "string") : undefined;
  const { end, duration, tolerance_met: isMet } = value;
  return {
    activity: objectAt(value, "activity"),
    output: value["output"] ?? null,
    start: textAt(value, "start") ?? "",
    status: value["status"] === "succeeded" ? "succeeded" : "failed",
    ...(typeof end === "string" ? { end } : {}),
    ...(typeof duration === "number" ? { duration } : {}),
    ...(lines === undefined ? {} : { exception: lines }),
    ...(typeof isMet === "boolean" ? { tolerance_met: isMet } : {}),
  };
}

function unreadable(file: string, line: number, column: number, message: string): AppError {
  return new AppError("REPORT_JOURNAL", formatProblem({ file, line, column, message }));
}
