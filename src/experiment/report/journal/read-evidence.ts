import { type Json, type JsonObject, isList, isObject, objectAt, objectsAt, textAt, written } from "../../document/json.ts";
import type {
  EventEvidence,
  Evidence,
  FaultEvidence,
  HistogramEvidence,
  HostEvidence,
  LoadEvidence,
  LoadSecond,
  VerdictName,
} from "../../evidence/evidence.ts";
import { instantOf } from "./instant.ts";

const VERDICTS: readonly string[] = ["held", "deviated", "inconclusive", "not-reverted", "halted"] satisfies readonly VerdictName[];

/** What ours wrote beside Chaos Toolkit's fields; undefined where there is none. What is not as it should be is left out. */
export function readEvidence(value: Json | undefined): Evidence | undefined {
  if (!isObject(value)) return undefined;
  const verdict = textAt(value, "verdict") ?? "";
  if (!VERDICTS.includes(verdict)) return undefined;
  return {
    verdict: verdict as VerdictName,
    reasons: textsAt(value, "reasons"),
    outageSeconds: numberAt(value, "outageSeconds"),
    run: textAt(value, "run") ?? "",
    seed: numberAt(value, "seed"),
    command: textsAt(value, "command"),
    target: textAt(value, "target") ?? "",
    ...(isObject(value["host"]) ? { host: hostOf(value["host"]) } : {}),
    faults: objectsAt(value, "faults").map(faultOf),
    load: objectsAt(value, "load")
      .map(loadOf)
      .filter(({ startedAt }) => isTime(startedAt)),
    events: objectsAt(value, "events")
      .map(eventOf)
      .filter(({ at }) => isTime(at)),
  };
}

function hostOf(value: JsonObject): HostEvidence {
  return {
    holdfast: textAt(value, "holdfast") ?? "unknown",
    node: textAt(value, "node") ?? "unknown",
    cpus: numberAt(value, "cpus"),
    memoryMiB: numberAt(value, "memoryMiB"),
    load1: numberAt(value, "load1"),
  };
}

function faultOf(value: JsonObject): FaultEvidence {
  return {
    id: textAt(value, "id") ?? "",
    kind: textAt(value, "kind") ?? "",
    label: textAt(value, "label") ?? "a fault without a name",
    victims: textsAt(value, "victims"),
    injectedAt: timeAt(value, "injectedAt"),
    witnessedAt: timeAt(value, "witnessedAt"),
    witness: textAt(value, "witness") ?? "",
    injectedEvidence: textAt(value, "injectedEvidence") ?? null,
    revertedAt: timeAt(value, "revertedAt"),
    revertedEvidence: textAt(value, "revertedEvidence") ?? null,
    isFinal: value["isFinal"] === true,
    byHand: textAt(value, "byHand") ?? null,
  };
}

function loadOf(value: JsonObject): LoadEvidence {
  const lateness = objectAt(value, "lateness");
  const totals = objectAt(value, "totals");
  return {
    name: textAt(value, "name") ?? "",
    group: value["group"] === "control" ? "control" : "experiment",
    target: textAt(value, "target") ?? "",
    startedAt: textAt(value, "startedAt") ?? "",
    seconds: objectsAt(value, "seconds")
      .map(secondOf)
      .filter(({ at }) => isTime(at)),
    totals: { sent: numberAt(totals, "sent"), ok: numberAt(totals, "ok"), failed: countsAt(totals, "failed") },
    response: histogramAt(value, "response"),
    service: histogramAt(value, "service"),
    lateness: { p99Ms: numberAt(lateness, "p99Ms"), maxMs: numberAt(lateness, "maxMs"), isTooLate: lateness["isTooLate"] === true },
  };
}

function secondOf(value: JsonObject): LoadSecond {
  return {
    at: textAt(value, "at") ?? "",
    sent: numberAt(value, "sent"),
    ok: numberAt(value, "ok"),
    failed: countsAt(value, "failed"),
    p50Ms: numberAt(value, "p50Ms"),
    p99Ms: numberAt(value, "p99Ms"),
    maxMs: numberAt(value, "maxMs"),
  };
}

function histogramAt(value: JsonObject, name: string): HistogramEvidence {
  const histogram = objectAt(value, name);
  const percentiles = objectsAt(histogram, "percentiles")
    .map((one) => ({ percentile: numberAt(one, "percentile"), ms: numberAt(one, "ms") }))
    .sort((one, other) => one.percentile - other.percentile);
  return { count: numberAt(histogram, "count"), percentiles };
}

function eventOf(value: JsonObject): EventEvidence {
  return { at: textAt(value, "at") ?? "", kind: textAt(value, "kind") ?? "", text: textAt(value, "text") ?? "" };
}

function numberAt(value: JsonObject, name: string): number {
  const field = value[name];
  return typeof field === "number" && Number.isFinite(field) && field >= 0 ? field : 0;
}

function textsAt(value: JsonObject, name: string): readonly string[] {
  const field = value[name];
  return isList(field) ? field.map(written) : [];
}

function countsAt(value: JsonObject, name: string): Readonly<Record<string, number>> {
  const counts = objectAt(value, name);
  return Object.fromEntries(Object.keys(counts).map((key) => [key, numberAt(counts, key)]));
}

function isTime(text: string): boolean {
  return !Number.isNaN(instantOf(text));
}

function timeAt(value: JsonObject, name: string): string | null {
  const text = textAt(value, name);
  return text !== undefined && isTime(text) ? text : null;
}
