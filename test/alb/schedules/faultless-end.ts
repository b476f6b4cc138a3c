import { withRecord } from "../../../src/lab/aws/world/world.ts";
import { type Bench, type Snapshot, snapshotOf, startBench } from "../kit/bench.ts";
import { type Manifest, ingress, ingressClass, routeGroup } from "../kit/cluster.ts";
import { startController } from "../kit/controller.ts";
import { CERTIFICATES, certificateRecord } from "../kit/first-world.ts";
import { type Form, type OBJECTS, type Schedule, WISHES } from "./schedule.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** As cheap as can be, and still taken by another one within minutes. */
export const LEASE_SECONDS = 180;

/** What is always there, so that nothing is ever the last of its kind: that only a person lets go. */
const BASE: readonly Manifest[] = [
  ingressClass("holdfast.dev/alb"),
  ingress("base", ["base.example.org"]),
  ingress("base-inside", ["inside.example.org"], WISHES.internal),
  routeGroup("base", ["routes.example.org"]),
];

/** What is there before a schedule begins. */
const BEFORE: ReadonlyMap<(typeof OBJECTS)[number], Form> = new Map([
  ["Ingress a", { hosts: ["elsewhere.example.com"], wish: "plain" }],
  ["Ingress b", { hosts: ["www.example.org"], wish: "of its own" }],
  ["RouteGroup d", { hosts: ["shop.example.org"], wish: "plain" }],
]);

/** What schedules begin with. */
export interface Beginning {
  /** The base alone is served. */
  readonly base: Snapshot;
  /** All that is there before a schedule begins is. */
  readonly whole: Snapshot;
  /** What controllers to which nothing happens came to, by what they were asked for. */
  readonly ends: Map<string, readonly string[]>;
}

export async function beginning(): Promise<Beginning> {
  const bench = await startBench();
  const controller = await startController(bench, { leaseSeconds: LEASE_SECONDS });
  try {
    const served = () => bench.clock.until("all of it", () => bench.leftovers().length === 0, HOUR_MS);
    for (const object of BASE) await bench.cluster.put(object);
    await served();
    const base = await snapshotOf(bench);
    for (const [object, form] of BEFORE) await bench.cluster.put(manifestOf(object, form));
    await served();
    return { base, whole: await snapshotOf(bench), ends: new Map() };
  } finally {
    await controller.stop();
    await bench.close();
  }
}

/** What a controller to which nothing happens makes of the objects and certificates that are there at a schedule's end. */
export async function faultlessEnd(schedule: Schedule, { base, ends }: Beginning): Promise<readonly string[]> {
  const forms = lastForms(schedule);
  const changes = schedule.flatMap(({ act }) => (act.do === "issue" || act.do === "expire" ? act.do : []));
  const asked = JSON.stringify([[...forms].toSorted(([one], [other]) => (one < other ? -1 : 1)), [...new Set(changes)].toSorted()]);
  const known = ends.get(asked);
  if (known !== undefined) return known;
  const bench = await startBench({ from: base });
  const controller = await startController(bench, { leaseSeconds: LEASE_SECONDS });
  try {
    for (const change of changes) changeCertificate(bench, change, base);
    for (const [object, form] of forms) if (form !== undefined) await bench.cluster.put(manifestOf(object, form));
    await bench.clock.until("all that is asked for", () => bench.leftovers().length === 0, 2 * HOUR_MS);
    await bench.clock.pass(10 * MINUTE_MS);
    if (bench.losses().length > 0) throw new Error(`without anything happening: ${bench.losses().join("; ")}`);
    const end = comparable(bench);
    ends.set(asked, end);
    return end;
  } finally {
    await controller.stop();
    await bench.close();
  }
}

/** How each object is written at the schedule's end; undefined of one that is removed. */
export function lastForms(schedule: Schedule): ReadonlyMap<(typeof OBJECTS)[number], Form | undefined> {
  const forms = new Map<(typeof OBJECTS)[number], Form | undefined>(BEFORE);
  for (const { act } of schedule) {
    if (act.do === "remove") forms.set(act.object, undefined);
    // A mistyped one is mended in the end: until then what counts is its version before, which depends on who has seen it.
    if (act.do === "put") forms.set(act.object, act.form.wish === "mistyped" ? { ...act.form, wish: "plain" } : act.form);
  }
  return forms;
}

export function manifestOf(object: (typeof OBJECTS)[number], { hosts, wish }: Form): Manifest {
  const [kind, name = ""] = object.split(" ");
  return (kind === "Ingress" ? ingress : routeGroup)(name, hosts, WISHES[wish]);
}

export function changeCertificate({ account, clock }: Bench, what: "issue" | "expire", { atMs }: Snapshot): void {
  const fromMs = clock.wallMs() - clock.monoMs() + atMs;
  account.byHand((world) => {
    if (what === "issue")
      return withRecord(world, "certificates", CERTIFICATES.shopNew, certificateRecord(CERTIFICATES.shopNew, ["shop.example.org"], fromMs));
    const shop = world.certificates.get(CERTIFICATES.shop);
    return shop === undefined || shop.notAfterMs <= clock.wallMs()
      ? world
      : withRecord(world, "certificates", shop.arn, { ...shop, notAfterMs: clock.wallMs() });
  });
}

/** Which of several certificates that are all needed is the default one depends on which was there first. */
export function comparable(bench: Bench): readonly string[] {
  return bench
    .settled()
    .map((line) => (line.startsWith("listener ") ? line.replace(/arn:aws:acm:\S+/, (arns) => arns.split(",").toSorted().join(",")) : line));
}
