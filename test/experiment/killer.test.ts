import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Zone, ownWebhook, slackWebhook } from "../../src/experiment/index.ts";
import { until } from "../../src/kernel/testing/until.ts";
import { killerWorld } from "./killer-kit.ts";

const IN = { "holdfast.dev/chaos": "enabled" };
const PATIENCE_MS = 30_000;

test("a pod of who agreed to it is evicted, recorded before and told of: by an Event on its Deployment, in chaoskube's metrics and by notices; nobody else is touched", async (t) => {
  const world = await killerWorld(t);
  await world.deployment("cart", IN);
  await world.deployment("search");
  const receiver = await world.receiver();
  const own = ownWebhook(
    { url: receiver.url, message: '{"what":"{$kind} {$name}","dry":{$dryrun}}', headers: { "x-key": "{$env:KEY}" } },
    new Zone("UTC"),
    { KEY: "k1" },
  );
  const killer = await world.killer({ webhooks: [own, slackWebhook(receiver.url)], intervalMs: 1_000 });
  await until("a pod is gone", async () => (await world.pods()).length === 5, PATIENCE_MS);
  assert.equal((await world.pods()).filter((name) => name.startsWith("search")).length, 3);
  const attack = await until(
    "the record says so",
    async () => (await world.record())?.attacks.find(({ victims }) => victims[0]?.outcome === "killed"),
    PATIENCE_MS,
  );
  assert.match(attack.victims[0]?.name ?? "", /^pod shop\/cart-\d$/);
  assert.equal(attack.isDry, false);
  const event = await until("an Event", async () => (await world.events()).find(({ reason }) => reason === "Killing"), PATIENCE_MS);
  assert.deepEqual(
    { ...event.involvedObject, uid: "", apiVersion: "", namespace: "" },
    { kind: "Deployment", name: "cart", uid: "", apiVersion: "", namespace: "" },
  );
  assert.match(event.message, /^pod shop\/cart-\d was killed \(UID /);
  await until("both notices", () => receiver.taken.length >= 2, PATIENCE_MS);
  const ours = receiver.taken.find(({ headers }) => headers["x-key"] === "k1");
  assert.deepEqual(JSON.parse(ours?.body ?? ""), { what: "Deployment cart", dry: false });
  const slack = receiver.taken.find(({ headers }) => headers["x-key"] === undefined);
  assert.equal(
    (JSON.parse(slack?.body ?? "") as { attachments: { title: string }[] }).attachments[0]?.title,
    "Chaos event - Pod termination",
  );
  assert.match(killer.metrics(), /chaoskube_pods_deleted_total\{namespace="shop"\} 1/);
  assert.match(killer.metrics(), /chaoskube_termination_duration_seconds_count 1/);
});

test("chaoskube's trap: a dry run says that it is one, in the record, the Event, the metrics and the notice, and touches nobody", async (t) => {
  const world = await killerWorld(t);
  await world.deployment("cart", IN);
  const receiver = await world.receiver();
  const killer = await world.killer({ isDry: true, webhooks: [slackWebhook(receiver.url)] });
  await until("a notice", () => receiver.taken.length > 0, PATIENCE_MS);
  assert.match(receiver.taken[0]?.body ?? "", /dry run: pod shop\/cart-\d would have been killed; nothing was touched/);
  assert.equal(receiver.taken[0]?.headers["holdfast-chaos-dry-run"], "true");
  const event = await until("an Event", async () => (await world.events())[0], PATIENCE_MS);
  assert.deepEqual([event.reason, event.message.startsWith("dry run: ")], ["ChaosDryRun", true]);
  const attack = await until(
    "an attack in the record",
    async () => (await world.record())?.attacks.find(({ victims }) => victims[0]?.outcome === "spared"),
    PATIENCE_MS,
  );
  assert.equal(attack.isDry, true);
  assert.match(killer.metrics(), /holdfast_chaos_victims_total\{what="pod",namespace="shop",outcome="spared",dry_run="true"\}/);
  assert.doesNotMatch(killer.metrics(), /chaoskube_pods_deleted_total\{/);
  assert.match(killer.metrics(), /holdfast_chaos_dry_run 1/);
  assert.equal((await world.pods()).length, 3);
});

test("chaoskube's trap: a restart does not kill at once, whatever the record's age", async (t) => {
  const world = await killerWorld(t);
  await world.deployment("cart", IN);
  const first = await world.killer({ intervalMs: 3_600_000 });
  const record = await until("a record", () => world.record(), PATIENCE_MS);
  await first.stop();
  // As if the killer had been away for ten days and a bit of a round.
  const began = { ...record, version: 1, beganAtMs: record.beganAtMs - 10 * 24 * 3_600_000 - 1_800_000 };
  await world.setRecord({ data: { "record.json": JSON.stringify(began) } });
  const second = await world.killer({ intervalMs: 3_600_000 });
  const next = await until(
    "it leads and knows its turn",
    async () => ((await second.status())["nextTurn"] as { at: string } | null) ?? undefined,
    PATIENCE_MS,
  );
  const inMs = Date.parse(next.at) - Date.now();
  assert.ok(inMs > 1_500_000 && inMs < 1_900_000, `${inMs} ms`);
  assert.equal((await second.status()).lastTurn, null);
  assert.equal((await world.pods()).length, 3);
});

test("each lever stops it: the record's annotation, the namespace's, the file, the call, and only who has the token may pull that one", async (t) => {
  const world = await killerWorld(t);
  await world.deployment("cart", IN);
  const folder = mkdtempSync(join(tmpdir(), "holdfast-halt-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const haltFile = join(folder, "halt");
  writeFileSync(haltFile, "");
  const killer = await world.killer({ haltFile, adminToken: "a-token-of-the-test" });
  const halted = (why: RegExp): Promise<unknown> =>
    until(`halted by ${String(why)}`, async () => why.test(String((await killer.status()).lastTurn?.said)), PATIENCE_MS);
  await halted(/the file .*halt is there/);
  const annotate = (path: string, value: string | null): Promise<unknown> =>
    world.server.call(
      "PATCH",
      path,
      { metadata: { annotations: { "holdfast.dev/chaos-halt": value } } },
      { "content-type": "application/merge-patch+json" },
    );
  await annotate("/api/v1/namespaces/chaos", "a release");
  rmSync(haltFile);
  await halted(/on namespace chaos: a release/);
  const post = (verb: string, token: string): Promise<Response> =>
    fetch(`${killer.url}/${verb}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ principal: "ann", reason: "look at this" }),
    });
  assert.equal((await post("halt", "a-token-of-nobody-x")).status, 401);
  assert.equal((await post("halt", "a-token-of-the-test")).status, 200);
  await annotate("/api/v1/namespaces/chaos", null);
  await halted(/on the record: ann: look at this/);
  assert.match(killer.metrics(), /holdfast_chaos_halted 1/);
  assert.equal((await world.pods()).length, 3);
  assert.equal((await post("resume", "a-token-of-the-test")).status, 200);
  await until("it goes on", async () => (await world.pods()).length < 3, PATIENCE_MS);
});

test("of two killers of one name one acts, and the other goes on where it was", async (t) => {
  const world = await killerWorld(t);
  await world.deployment("cart", IN, 9);
  const killers = [await world.killer({ intervalMs: 700 }), await world.killer({ intervalMs: 700 })] as const;
  await until("a pod is gone", async () => (await world.pods()).length < 9, PATIENCE_MS);
  const leads = await Promise.all(killers.map(async (each) => (await each.status())["leads"]));
  assert.notEqual(leads[0], leads[1]);
  const leader = killers[leads.indexOf(true)] ?? killers[0];
  const other = killers[leads.indexOf(false)] ?? killers[1];
  assert.doesNotMatch(other.metrics(), /holdfast_chaos_turns_total\{/);
  await leader.stop();
  await until("the other one kills", () => /chaoskube_pods_deleted_total\{namespace="shop"\} [1-9]/.test(other.metrics()), PATIENCE_MS);
  const ids = (await world.record())?.attacks.map(({ id }) => id) ?? [];
  assert.equal(new Set(ids).size, ids.length);
});

test("where the record, a list or a gate cannot be read nobody is killed, and why is said", async (t) => {
  const world = await killerWorld(t);
  await world.deployment("cart", IN);
  let isOpen = false;
  const gate = {
    name: "the gate of the test",
    check: () => (isOpen ? Promise.resolve(undefined) : Promise.reject(new Error("no answer"))),
  };
  const killer = await world.killer({ gates: [gate] });
  await until(
    "the gate is told of",
    async () => (await killer.status()).lastTurn?.said === "the gate of the test cannot be told: no answer",
    PATIENCE_MS,
  );
  await world.setRecord({ data: { "record.json": '{"version":1,"seed":"?"}' } });
  await until(
    "the record is told of",
    async () => /the record of kills cannot be read: seed is no number/.test(String((await killer.status())["problem"])),
    PATIENCE_MS,
  );
  isOpen = true;
  await world.server.stop();
  await until("silence is told of", async () => /refused|circuit/i.test(String((await killer.status())["problem"])), PATIENCE_MS);
  await world.server.restart();
  assert.equal((await world.pods()).length, 3);
  await world.setRecord({ data: { "record.json": null } });
  await until("all is well again, and it goes on", async () => (await world.pods()).length < 3, PATIENCE_MS);
});

test("a kill that cannot be recorded before is not made", async (t) => {
  const world = await killerWorld(t);
  await world.deployment("cart", IN);
  let turns = 0;
  // After the record was read for this turn, and before it is written.
  const meddler = {
    name: "who meddles",
    check: async () => void (await world.setRecord({ metadata: { annotations: { meddled: String(++turns) } } })),
  };
  const killer = await world.killer({ gates: [meddler] });
  await until(
    "a turn ended so",
    async () => /was changed by somebody else meanwhile/.test(String((await killer.status()).lastTurn?.said)),
    PATIENCE_MS,
  );
  await until("and others", () => turns >= 3, PATIENCE_MS);
  assert.equal((await world.pods()).length, 3);
});

test("where the steady state is not met again after a kill, the killer halts itself", async (t) => {
  const world = await killerWorld(t);
  await world.deployment("cart", IN);
  const gate = {
    name: "the steady state",
    check: async () => ((await world.pods()).length === 3 ? undefined : "the steady state is not met (three pods)"),
  };
  const killer = await world.killer({ gates: [gate], recovery: { gate, withinMs: 1_000 } });
  await until(
    "it halted itself",
    async () => /the steady state is not met \(three pods\), 1 s after pod shop\/cart-\d/.test(String((await killer.status())["halted"])),
    PATIENCE_MS,
  );
  assert.equal((await world.pods()).length, 2);
});
