import type { EndpointStats } from "../../proxy/index.ts";
import type { CertificateStatus } from "../certificate-status.ts";
import type { ObjectProblem } from "../messages.ts";
import type { ChildView } from "../child.ts";
import type { Supervisor } from "../supervisor.ts";

/** `/statusz`. Ages and durations are seconds, with three decimals at most. */
export interface StatusView {
  /** The newest generation that a worker serves; 0 before the first. */
  readonly generation: number;
  readonly source: "live" | "restored" | "stale";
  readonly routes: number;
  /** How many objects (of a file: routes) would go; `/held` puts those that would go together into one. */
  readonly held: number;
  readonly sources: Readonly<
    Record<string, { state: string; ageSeconds: number | null; objects: number; revision?: string; problem?: string }>
  >;
  readonly workers: readonly {
    readonly id: string;
    readonly pid: number | null;
    readonly state: "starting" | "ready";
    readonly generation: number;
    readonly routes: number;
    /** What the worker takes its table to be worth: an update may be under way to it. */
    readonly source: "live" | "restored" | "stale";
    readonly restarts: number;
    readonly restartInSeconds: number | null;
    /** Null before it said how its endpoints stand. */
    readonly endpoints: EndpointStats | null;
  }[];
  readonly control: {
    readonly pid: number | null;
    readonly restarts: number;
    readonly restartInSeconds: number | null;
    readonly silentSeconds: number | null;
  };
  readonly policy: "hold" | "naive";
  readonly phase: "running" | "draining" | "closing";
  readonly ready: boolean;
  readonly badGenerations: readonly number[];
  readonly problems: readonly ObjectProblem[];
  /** Null without a TLS listener, and before a worker has read its files. */
  readonly certificates: {
    readonly valid: number;
    readonly expiring: number;
    readonly expired: number;
    /** Those that are not valid for long, soonest first. */
    readonly ending: readonly {
      readonly name: string;
      readonly hosts: readonly string[];
      readonly expiresAt: string;
      readonly state: string;
    }[];
    readonly problems: readonly string[];
  } | null;
  readonly snapshot: {
    readonly directory: string | null;
    readonly writes: number;
    readonly errors: number;
    readonly lastError: string | null;
    readonly lastWriteAt: string | null;
  };
  readonly startedAt: string;
}

/** Everything /statusz tells, from memory. */
export function statusView(supervisor: Supervisor): StatusView {
  const { status, workers, distributor } = supervisor;
  const newest = workers.reduce((best, worker) => (worker.generation > best.generation ? worker : best), { generation: 0, routes: 0 });
  const silentMs = status?.ageMs ?? 0;
  const sources = Object.entries(status?.value.sources ?? {}).map(([kind, source]) => {
    const { state, ageMs, objects, revision, problem } = source;
    const age = ageMs === undefined ? null : seconds(ageMs + silentMs);
    return [
      kind,
      { state, ageSeconds: age, objects, ...(revision === undefined ? {} : { revision }), ...(problem === undefined ? {} : { problem }) },
    ] as const;
  });
  const snapshot = status?.value.snapshot;
  return {
    generation: newest.generation,
    source: distributor.knowledge,
    routes: newest.routes,
    held: status?.value.held.reduce((sum, { keys }) => sum + keys.length, 0) ?? 0,
    sources: Object.fromEntries(sources),
    workers: workers.map((worker) => ({
      id: worker.id,
      state: worker.state,
      generation: worker.generation,
      routes: worker.routes,
      source: worker.knowledge,
      ...childView(worker),
      endpoints: worker.endpoints ?? null,
    })),
    control: { ...childView(supervisor.control), silentSeconds: status === undefined ? null : seconds(silentMs) },
    policy: supervisor.options.policy,
    phase: supervisor.phase,
    ready: supervisor.isReady,
    badGenerations: [...distributor.bad],
    problems: status?.value.problems ?? [],
    certificates: certificatesView(supervisor.certificates.latest),
    snapshot: {
      directory: supervisor.options.snapshotDirectory ?? null,
      writes: snapshot?.writes ?? 0,
      errors: snapshot?.errors ?? 0,
      lastError: snapshot?.lastError ?? null,
      lastWriteAt: snapshot?.lastWriteAtMs === undefined ? null : new Date(snapshot.lastWriteAtMs).toISOString(),
    },
    startedAt: new Date(supervisor.startedAtMs).toISOString(),
  };
}

function certificatesView(latest: CertificateStatus | undefined): StatusView["certificates"] {
  if (latest === undefined) return null;
  const ending = latest.ending.map(({ name, hosts, expiresAtMs, validity }) => ({
    name,
    hosts,
    expiresAt: new Date(expiresAtMs).toISOString(),
    state: validity,
  }));
  return { ...latest.counts, ending, problems: latest.problems };
}

function childView({ pid, restarts, restartInMs }: ChildView): { pid: number | null; restarts: number; restartInSeconds: number | null } {
  return { pid: pid ?? null, restarts, restartInSeconds: restartInMs === undefined ? null : seconds(restartInMs) };
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
