import assert from "node:assert/strict";
import { test } from "node:test";
import { type Clock, systemClock, systemRandom } from "../../src/kernel/index.ts";
import { until } from "../../src/kernel/testing/until.ts";
import { createLeader, leaseTimes } from "../../src/kube/lease/leader.ts";
import { LEASE, leaseWorld } from "./lease-kit.ts";

const PATIENCE_MS = 30_000;
const notLeader = { code: "KUBE_NOT_LEADER" };

test("of two candidates one leads; its lease says who, for how long and for the how-manieth time; given back, the other one leads at once", async (t) => {
  const world = await leaseWorld(t);
  const one = world.candidate("one");
  await until("one leads", () => one.status().isLeading, PATIENCE_MS);
  const two = world.candidate("two");
  await until("two sees it", () => two.status().holder === "one", PATIENCE_MS);
  const token = one.guard();
  assert.throws(() => two.guard(), { ...notLeader, message: /one does/ });
  assert.equal(two.tenure(), undefined);
  const first = (await world.lease())?.spec;
  assert.deepEqual([first?.["holderIdentity"], first?.["leaseDurationSeconds"], first?.["leaseTransitions"]], ["one", 2, token]);
  assert.match(String(first?.["renewTime"]), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);

  const tenure = one.tenure();
  await one.release();
  assert.equal(tenure?.aborted, true);
  assert.throws(() => one.guard(), notLeader);
  await until("two leads", () => two.status().isLeading, PATIENCE_MS);
  assert.equal(two.guard(), token + 1);
  assert.equal((await world.lease())?.spec["leaseTransitions"], token + 1);
});

test("while the API server is gone its holder stops by itself; when it is back, one of them leads again", async (t) => {
  const world = await leaseWorld(t);
  const candidates = [world.candidate("one"), world.candidate("two")];
  const leading = () => candidates.filter((candidate) => candidate.status().isLeading);
  await until("one of them leads", () => leading().length === 1, PATIENCE_MS);
  const tenure = leading()[0]?.tenure();
  await world.server.stop();
  await until("nobody leads", () => leading().length === 0, PATIENCE_MS);
  assert.equal(tenure?.aborted, true);
  for (const candidate of candidates) assert.throws(() => candidate.guard(), notLeader);
  assert.ok(candidates.every((candidate) => candidate.status().problem !== undefined));
  await world.server.restart();
  await until("one leads again", () => leading().length === 1, PATIENCE_MS);
});

test("a lease that was deleted, or written over by others, is held anew with a token that is higher", async (t) => {
  const world = await leaseWorld(t);
  const one = world.candidate("one");
  await until("one leads", () => one.status().isLeading, PATIENCE_MS);
  const before = one.guard();
  await world.server.call("DELETE", world.path);
  await until("the lease is there again", () => one.status().isLeading && one.guard() > before, PATIENCE_MS);
  const after = one.guard();
  // Whoever annotates it changes its resourceVersion, and nothing else.
  await world.server.call(
    "PATCH",
    world.path,
    { metadata: { annotations: { a: "b" } } },
    { "content-type": "application/merge-patch+json" },
  );
  const annotated = (await world.lease())?.spec["renewTime"];
  await until("it was renewed", async () => (await world.lease())?.spec["renewTime"] !== annotated, PATIENCE_MS);
  assert.equal(one.guard(), after);
  await world.server.call("PATCH", world.path, { spec: { holderIdentity: "other" } }, { "content-type": "application/merge-patch+json" });
  await until("one leads no more", () => !one.status().isLeading, PATIENCE_MS);
  assert.throws(() => one.guard(), { ...notLeader, message: /other does/ });
  await until("other was silent for too long", () => one.status().isLeading, PATIENCE_MS);
  assert.ok(one.guard() > after);
});

test("a wall clock that jumps ahead, as after a suspended machine, ends the time of leading at that moment; one that is set back does not lengthen it", async (t) => {
  const world = await leaseWorld(t);
  let jumpMs = 0;
  const clock: Clock = { ...systemClock, wallMs: () => Date.now() + jumpMs };
  const one = world.candidate("one", clock);
  await until("one leads", () => one.status().isLeading, PATIENCE_MS);
  jumpMs = 3_600_000;
  assert.throws(() => one.guard(), notLeader);
  await until("one leads again", () => one.status().isLeading, PATIENCE_MS);
  jumpMs = -3_600_000;
  await world.server.stop();
  await until("one leads no more", () => !one.status().isLeading, PATIENCE_MS);
  await world.server.restart();
});

test("L13, P4: a leader that is stopped while it writes and wakes up after another took over writes nothing more", async (t) => {
  const world = await leaseWorld(t);
  const names = async (): Promise<readonly string[]> => {
    const { body } = await world.server.call("GET", "/api/v1/namespaces/default/configmaps");
    const { items } = body as {
      readonly items: readonly { readonly metadata: { readonly name: string; readonly resourceVersion: string } }[];
    };
    return items
      .toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
      .map(({ metadata }) => metadata.name)
      .filter((name) => /^(old|new)-\d+$/.test(name));
  };
  const old = world.writer("old");
  await until("the old one writes", async () => (await names()).length > 5, PATIENCE_MS);
  old.child.kill("SIGSTOP");
  const next = world.writer("new");
  await until("the new one writes", async () => (await names()).some((name) => name.startsWith("new-")), PATIENCE_MS);
  old.child.kill("SIGCONT");
  await until("the old one knows", () => old.said().includes("leads not"), PATIENCE_MS);
  const writtenBefore = (await names()).length;
  await until("the new one goes on", async () => (await names()).length > writtenBefore + 20, PATIENCE_MS);
  const order = await names();
  const first = order.findIndex((name) => name.startsWith("new-"));
  assert.deepEqual(
    order.slice(first).filter((name) => name.startsWith("old-")),
    [],
    `${old.said()}\n${next.said()}`,
  );
});

test("times under which a holder would still write when others begin are refused", () => {
  const options = { ...LEASE, identity: "one", leaseDurationSeconds: 10, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };
  assert.throws(() => createLeader(options, { client: {} as never, clock: systemClock, random: systemRandom }), {
    code: "KUBE_LEASE_TIMES",
  });
});

test("the times of a lease follow from its duration: by default those of client-go, and for any that is allowed a holder stops in time", () => {
  const times = { leaseDurationSeconds: 15, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };
  assert.deepEqual(leaseTimes(), times);
  for (const seconds of [5, 7, 900, 3_600])
    assert.ok(
      createLeader(
        { ...LEASE, identity: "one", ...leaseTimes(seconds) },
        { client: {} as never, clock: systemClock, random: systemRandom },
      ),
    );
});
