import { AppError, type Clock, messageOf } from "../../kernel/index.ts";
import { type KubeClient, type KubeObject, kinds } from "../../kube/index.ts";
import type { ObjectEvents } from "../../mirror/index.ts";
import type { Log, MetricsRegistry } from "../../telemetry/index.ts";
import { type ClaimOwner, type ClaimProblem, ownerKey } from "../model/claim.ts";
import type { Layout } from "../model/desired.ts";
import type { ReadClaims } from "../objects/claims.ts";
import { statusField } from "../objects/status-hosts.ts";
import type { ObservedStack } from "../plan/observed.ts";
import { problemPatch } from "./problem-field.ts";
import { type StatusMove, type StatusWait, wantedStatuses } from "./wanted-statuses.ts";
import { WrittenStatuses } from "./written-statuses.ts";

export interface StatusDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: MetricsRegistry;
  readonly events: ObjectEvents;
  /** The newest version that was seen of an object, by its owner's key. */
  readonly object: (owner: string) => KubeObject | undefined;
  /** Throws when this process may not write any more. */
  readonly guard: () => void;
}

/** What is to be said to the owners of objects. */
export interface StatusInput {
  readonly claims: ReadClaims["claims"];
  readonly layout: Pick<Layout, "placeOf" | "certificatesOf">;
  readonly stacks: ReadonlyMap<string, ObservedStack>;
  /** All that there are now, whoever found them. */
  readonly problems: readonly ClaimProblem[];
}

export interface StatusWriter {
  /** Writes what differs. Resolves when all is written or failed: what failed is tried again by the next call. Rejects only with what `guard` throws. */
  write(input: StatusInput): Promise<StatusResult>;
}

export interface StatusResult {
  readonly written: number;
  readonly failed: number;
  readonly waits: readonly StatusWait[];
}

const AT_ONCE = 8;
const WRITE_TIMEOUT_MS = 10_000;

/** Tells owners where their objects are served and what is wrong with them: status, Events, and a condition or an annotation. */
export function createStatusWriter(deps: StatusDeps): StatusWriter {
  const { client, clock, log, events } = deps;
  const written = new WrittenStatuses(clock);
  const counter = deps.metrics.counter("holdfast_alb_status_writes_total", "Writes of the status of Ingresses and RouteGroups.", [
    "result",
  ]);

  /** False when the object is not as it was, or the server did not take it. */
  async function patch(owner: ClaimOwner, body: object): Promise<boolean> {
    deps.guard();
    const resource = owner.kind === "RouteGroup" ? kinds.routeGroups : kinds.ingresses;
    try {
      await client.patchStatus(resource, owner, { type: "merge", body: ofThisObject(owner, body) }, { timeoutMs: WRITE_TIMEOUT_MS });
      counter.with("written").add(1);
      return true;
    } catch (error) {
      const isGone = error instanceof AppError && ["KUBE_NOT_FOUND", "KUBE_CONFLICT"].includes(error.code);
      counter.with(isGone ? "gone" : "failed").add(1);
      if (!isGone) log.warn({ object: ownerKey(owner), reason: messageOf(error) }, "status cannot be written, it is tried again");
      return isGone;
    }
  }

  async function move({ claim, name, hostname }: StatusMove): Promise<boolean> {
    const owner = ownerKey(claim.owner);
    const verdict = written.verdict(owner, hostname);
    if (verdict === "contested")
      tell(owner, {
        reason: "StatusContested",
        message: `somebody else writes its status too (${claim.statusHosts.join(", ")}): let one controller alone serve its class; nothing is written for an hour`,
      });
    if (verdict !== "write") return true;
    if (!(await patch(claim.owner, { status: { loadBalancer: { [statusField(claim.owner.kind)]: [{ hostname }] } } }))) return false;
    written.wrote(owner, hostname);
    const from = claim.statusHosts.length === 0 ? "" : `, before that by ${claim.statusHosts.join(", ")}`;
    tell(owner, { type: "Normal", reason: "ServedByLoadBalancer", message: `served by load balancer ${name} at ${hostname}${from}` });
    return true;
  }

  function tell(owner: string, event: Parameters<ObjectEvents["tell"]>[2]): void {
    const object = deps.object(owner);
    if (object === undefined) return;
    events.seen(object);
    events.tell(object.kind, owner.slice(owner.indexOf(" ") + 1), event);
  }

  /** Of one object, all that there is. */
  async function sayProblems(owner: ClaimOwner, problems: readonly ClaimProblem[]): Promise<boolean> {
    const key = ownerKey(owner);
    const object = deps.object(key);
    for (const { reason, message } of problems) tell(key, { reason, message });
    const body = object === undefined ? undefined : problemPatch(object, problems, clock.wallMs());
    if (body === undefined || !written.maySay(key)) return true;
    return patch(owner, body);
  }

  return {
    async write({ claims, layout, stacks, problems }) {
      const { moves, waits } = wantedStatuses(claims, layout, stacks);
      const byOwner = Map.groupBy(problems, ({ owner }) => owner);
      const owners = new Map(claims.map(({ owner }) => [ownerKey(owner), owner]));
      for (const key of byOwner.keys()) if (!owners.has(key)) setOwner(owners, key, deps.object(key));
      for (const { claim, name, why } of waits)
        if (written.isLongWait(ownerKey(claim.owner)))
          tell(ownerKey(claim.owner), { type: "Normal", reason: "WaitsForLoadBalancer", message: `load balancer ${name}: ${why}` });
      written.keep(
        new Set(owners.keys()),
        waits.map(({ claim }) => ownerKey(claim.owner)),
      );
      const tasks = [
        ...moves.map((one) => () => move(one)),
        ...[...owners].map(
          ([key, owner]) =>
            () =>
              sayProblems(owner, byOwner.get(key) ?? []),
        ),
      ];
      const failed = await failures(tasks);
      return { written: tasks.length - failed, failed, waits };
    },
  };
}

/** One that was deleted and made again under its name is not written to (precondition `metadata.uid`). */
function ofThisObject({ uid }: ClaimOwner, body: object): object {
  if (uid === "") return body;
  const { metadata } = body as { readonly metadata?: object };
  return { ...body, metadata: { ...metadata, uid } };
}

function setOwner(owners: Map<string, ClaimOwner>, key: string, object: KubeObject | undefined): void {
  if (object === undefined) return;
  const { namespace = "default", name, uid = "" } = object.metadata;
  owners.set(key, { kind: object.kind === "RouteGroup" ? "RouteGroup" : "Ingress", namespace, name, uid });
}

/** How many of them failed. Rejects when one throws, once those under way have ended. */
async function failures(tasks: readonly (() => Promise<boolean>)[]): Promise<number> {
  let failed = 0;
  let next = 0;
  const run = async (): Promise<void> => {
    for (let task = tasks[next++]; task !== undefined; task = tasks[next++]) if (!(await task())) failed++;
  };
  const ended = await Promise.allSettled(Array.from({ length: AT_ONCE }, run));
  const thrown = ended.find((one) => one.status === "rejected");
  if (thrown !== undefined) throw thrown.reason;
  return failed;
}
