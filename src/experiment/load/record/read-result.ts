import { readFileSync } from "node:fs";
import { AppError, messageOf } from "../../../kernel/index.ts";
import { type Json, type JsonObject, isList, isObject, objectAt, textAt } from "../../document/json.ts";
import { histogramOf } from "./histogram-text.ts";
import { latencyResult } from "./load-record.ts";
import type { LatencyResult, LoadResult, SecondResult } from "./load-result.ts";

/** Of what `--json` wrote for six hours of load. */
const LIMIT_BYTES = 64 * 1024 * 1024;

/** Reads what `holdfast load run --json` wrote. Throws AppError `EXPERIMENT_LOAD_RESULT`. */
export function readResult(file: string): LoadResult {
  let value: Json;
  try {
    const text = readFileSync(file, "utf8");
    if (text.length > LIMIT_BYTES) throw new Error(`it has more than ${LIMIT_BYTES} bytes`);
    value = JSON.parse(text) as Json;
    if (!isObject(value) || value["version"] !== 1) throw new Error("it is not of version 1");
    return resultIn(value);
  } catch (error) {
    throw new AppError("EXPERIMENT_LOAD_RESULT", `${file} is no result of holdfast load run --json: ${messageOf(error)}`);
  }
}

function resultIn(value: JsonObject): LoadResult {
  const totals = objectAt(value, "totals");
  const targets = value["targets"];
  return {
    version: 1,
    name: textAt(value, "name") ?? "load",
    targets: isList(targets) ? targets.filter((target) => typeof target === "string") : [],
    startedAt: timeIn(value, "startedAt"),
    durationS: countIn(value, "durationS"),
    totals: {
      sent: countIn(totals, "sent"),
      ok: countIn(totals, "ok"),
      failed: countIn(totals, "failed"),
      byFailure: countsIn(totals, "byFailure"),
      byStatus: countsIn(totals, "byStatus"),
      outageSeconds: countIn(totals, "outageSeconds"),
      resent: countIn(totals, "resent"),
      connections: countIn(totals, "connections"),
      bytesReceived: countIn(totals, "bytesReceived"),
    },
    response: latencyIn(value, "response"),
    service: latencyIn(value, "service"),
    lateness: latencyIn(value, "lateness"),
    seconds: secondsIn(value["seconds"]),
  };
}

function secondsIn(value: Json | undefined): readonly SecondResult[] {
  if (!isList(value)) throw new Error("seconds is no list");
  return value.filter(isObject).map((second) => {
    const response = histogramOf(textAt(second, "response") ?? "");
    const { p50Ms, p99Ms, maxMs } = latencyResult(response);
    return {
      at: timeIn(second, "at"),
      sent: countIn(second, "sent"),
      ok: countIn(second, "ok"),
      failed: countsIn(second, "failed"),
      p50Ms,
      p99Ms,
      maxMs,
      lateP99Ms: countIn(second, "lateP99Ms"),
      response: textAt(second, "response") ?? "",
    };
  });
}

/** Told anew from the counts: the figures beside them are not believed. */
function latencyIn(value: JsonObject, name: string): LatencyResult {
  return latencyResult(histogramOf(textAt(objectAt(value, name), "hdr") ?? ""));
}

function timeIn(value: JsonObject, name: string): string {
  const text = textAt(value, name) ?? "";
  if (Number.isNaN(Date.parse(text))) throw new Error(`${name} is no time`);
  return text;
}

function countIn(value: JsonObject, name: string): number {
  const count = value[name];
  if (typeof count !== "number" || !(count >= 0)) throw new Error(`${name} is no number`);
  return count;
}

function countsIn(value: JsonObject, name: string): Readonly<Record<string, number>> {
  const counts = objectAt(value, name);
  return Object.fromEntries(Object.keys(counts).map((key) => [key, countIn(counts, key)]));
}
