import { type FamilyDump, MetricsRegistry } from "../../telemetry/index.ts";
import type { StatusView } from "./views.ts";

/** The supervisor's own metrics, made from the same view as /statusz when they are asked for. */
export function supervisorMetrics(status: StatusView, nowMs: number): FamilyDump[] {
  const registry = new MetricsRegistry();
  const gauge = (name: string, help: string, value: number): void => registry.gauge(name, help).with().set(value);
  const counter = (name: string, help: string, value: number): void => registry.counter(name, help).with().add(value);

  gauge("holdfast_generation_number", "Newest generation that a worker serves, 0 before the first.", status.generation);
  gauge("holdfast_routes", "Routes in the newest generation that a worker serves.", status.routes);
  gauge("holdfast_held_removals", "Removals that wait for proof.", status.held);
  gauge("holdfast_ready", "1 while /readyz answers 200.", status.ready ? 1 : 0);
  gauge("holdfast_draining", "1 from SIGTERM on.", status.phase === "running" ? 0 : 1);
  gauge("holdfast_object_problems", "Objects not served as written.", status.problems.length);
  gauge("holdfast_bad_generations", "Generations set aside because workers died of them or refused them.", status.badGenerations.length);
  gauge("holdfast_control_up", "1 while the control process runs.", status.control.pid === null ? 0 : 1);
  counter("holdfast_control_restarts_total", "Restarts of the control process.", status.control.restarts);
  counter(
    "holdfast_snapshot_writes_total",
    "Generations written to the snapshot folder by the present control process.",
    status.snapshot.writes,
  );
  counter(
    "holdfast_snapshot_write_errors_total",
    "Writes to the snapshot folder that failed, of the present control process.",
    status.snapshot.errors,
  );

  const knowledge = registry.gauge("holdfast_knowledge", "1 for what the table is now: live, restored or stale.", ["state"]);
  for (const state of ["live", "restored", "stale"]) knowledge.with(state).set(status.source === state ? 1 : 0);

  const restarts = registry.counter("holdfast_worker_restarts_total", "Restarts of a worker.", ["worker"]);
  const generations = registry.gauge("holdfast_worker_generation_number", "Generation a worker serves.", ["worker"]);
  for (const worker of status.workers) {
    restarts.with(worker.id).add(worker.restarts);
    generations.with(worker.id).set(worker.generation);
  }

  const age = registry.gauge("holdfast_source_age_seconds", "Time since a kind's source last said anything that could be believed.", [
    "kind",
  ]);
  const success = registry.gauge(
    "holdfast_source_last_success_timestamp_seconds",
    "When a kind's source last said anything that could be believed.",
    ["kind"],
  );
  const live = registry.gauge("holdfast_source_live", "1 while a kind is synced and its watch speaks.", ["kind"]);
  const objects = registry.gauge("holdfast_source_objects", "Accepted objects of a kind.", ["kind"]);
  for (const [kind, source] of Object.entries(status.sources)) {
    live.with(kind).set(source.state === "live" || source.state === "watching" ? 1 : 0);
    objects.with(kind).set(source.objects);
    if (source.ageSeconds === null) continue;
    age.with(kind).set(source.ageSeconds);
    success.with(kind).set(Math.round(nowMs / 1000 - source.ageSeconds));
  }
  return registry.dump();
}
