import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError, seededRandom, systemClock } from "../kernel/index.ts";
import { createHeartbeat, createKubeClient, createReflector, kinds } from "./index.ts";
import type { HostileAnswer } from "./testing/hostile-server.ts";
import { createListedWorld } from "./testing/listed-world.ts";
import { mirror } from "./testing/mirrored-kind.ts";

test("a kind is listed, then watched, and every change is told once", async (t) => {
  const { world, reflector, said, until } = await mirror(t, kinds.pods, {}, (w) => w.put("a"));
  await until("state live");
  world.put("b");
  world.put("a");
  world.drop("b");
  await until("delete shop/b");
  assert.deepEqual(said, ["complete shop/a", "state syncing", "state live", "upsert shop/b", "upsert shop/a", "delete shop/b"]);
  assert.deepEqual({ state: reflector.status().state, revision: reflector.status().revision }, { state: "live", revision: "104" });
});

test("a watch that ends in order goes on from its last revision without a list", async (t) => {
  const { world, until } = await mirror(t, kinds.pods);
  await until("state live");
  world.put("a");
  await until("upsert shop/a");
  world.bookmark();
  world.endWatches();
  await world.server.seen(3);
  const last = world.server.requests.at(-1);
  assert.deepEqual(
    [last?.query.get("watch"), last?.query.get("resourceVersion"), last?.query.get("allowWatchBookmarks")],
    ["true", "101", "true"],
  );
  assert.equal(world.lists, 1);
});

test("an expired watch lists anew and says nothing of a failure", async (t) => {
  const { world, said, until } = await mirror(t, kinds.pods, {}, (w) => w.put("a"));
  const liveAt = await until("state live");
  world.drop("a", true);
  let refused = 0;
  world.interfere((request, answer) => {
    if (request.query.get("watch") !== "true" || refused++ > 0) return false;
    answer.json({ kind: "Status", apiVersion: "v1", reason: "Expired", code: 410, message: "too old" }, 410);
    return true;
  });
  world.put("b");
  await until("upsert shop/b", liveAt);
  world.endWatches();
  await until("complete shop/b", liveAt);
  assert.ok(!said.some((line) => line.startsWith("failed")));
});

const outages: readonly (readonly [what: string, code: string, act: (answer: HostileAnswer) => void])[] = [
  ["reset", "KUBE_RESET", (a) => a.reset()],
  ["403", "KUBE_FORBIDDEN", (a) => a.json({ kind: "Status", reason: "Forbidden", code: 403 }, 403)],
  ["404", "KUBE_NO_SUCH_PATH", (a) => a.text("404 page not found", 404)],
  ["500", "KUBE_SERVER", (a) => a.text("", 500)],
  ["an empty object", "KUBE_WRONG_KIND", (a) => a.json({})],
  ["an HTML page", "KUBE_NOT_JSON", (a) => a.text("<html>")],
  ["a stalled head", "KUBE_TIMEOUT_HEAD", () => {}],
  ["a stalled body", "KUBE_TIMEOUT_BODY", (a) => a.bytes('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"kind":')],
];
for (const [what, code, act] of outages) {
  test(`an outage of ${what} is told as a failure and removes nothing; when it is over the kind is listed and live again`, async (t) => {
    const { world, said, reflector, until } = await mirror(
      t,
      kinds.pods,
      {},
      (w) => w.put("a"),
      what.startsWith("a stalled") ? 150 : 10_000,
    );
    const liveAt = await until("state live");
    world.interfere((request, answer) => {
      // A watch cannot be answered by a page: it is let down by the connection instead.
      if (request.query.get("watch") === "true") answer.reset();
      else act(answer);
      return true;
    });
    world.endWatches("reset");
    // Enough failures that watch and list have both been tried.
    for (let at = liveAt, count = 0; count < 4; count++) at = (await until(`failed ${code}`, at)) + 1;
    assert.equal(reflector.status().state, "failing");
    world.put("b");
    world.interfere(undefined);
    const againAt = await until("complete shop/a shop/b", liveAt);
    await until("state live", againAt);
    assert.deepEqual(
      said.slice(liveAt + 1, againAt).filter((line) => !/^(failed|state failing|state syncing)/.test(line)),
      [],
    );
  });
}

test("a failure of the watch alone is followed by a watch from the same place, and told as live again", async (t) => {
  const { world, said, until } = await mirror(t, kinds.pods);
  const liveAt = await until("state live");
  world.endWatches("reset");
  await until("live", liveAt);
  assert.deepEqual(said.slice(liveAt + 1), ["state failing", "failed KUBE_TRUNCATED", "live", "state live"]);
  assert.equal(world.lists, 1);
});

test("silence is not trusted: the watch is made anew from the same place", async (t) => {
  const { world, said } = await mirror(t, kinds.pods, { silenceTimeoutMs: 30 });
  await world.server.seen(4);
  assert.deepEqual([world.lists, said.some((line) => line.startsWith("failed"))], [1, false]);
});

test("after long silence on all watches the kind is listed", async (t) => {
  const { said, until } = await mirror(t, kinds.pods, { silenceTimeoutMs: 30, silenceRelistMs: 60 });
  await until("complete", await until("state live"));
  assert.ok(!said.some((line) => line.startsWith("failed")));
});

test("a server that ends every watch at once is met with growing pauses and lists, and is no live source for long", async (t) => {
  const { world, said, until } = await mirror(t, kinds.pods);
  world.interfere((request, answer) => {
    if (request.query.get("watch") !== "true") return false;
    answer.openChunked();
    answer.endChunked();
    return true;
  });
  const liveAt = await until("state live");
  world.endWatches();
  await until("failed KUBE_WATCH_SHORT", liveAt);
  await until("complete", liveAt);
  assert.ok(said.filter((line) => line === "failed KUBE_WATCH_SHORT").length >= 3);
});

test("a list of a lower revision than known is flagged as rewound until the revision is passed", async (t) => {
  const { world, reflector, until } = await mirror(t, kinds.pods, {}, (w) => w.put("a"));
  const liveAt = await until("state live");
  world.revision = 40;
  reflector.confirm();
  const rewoundAt = await until("complete rewound shop/a", liveAt);
  await until("state live", 0);
  world.revision = 200;
  reflector.confirm();
  await until("complete shop/a", rewoundAt);
});

test("a revision known from the snapshot shows a server that went back", async (t) => {
  const { until } = await mirror(t, kinds.pods, { restoredRevision: "5000" });
  await until("complete rewound");
});

test("confirm gives one more complete list and a watch that misses nothing", async (t) => {
  const { world, reflector, said, until } = await mirror(t, kinds.pods, {}, (w) => w.put("a"));
  const liveAt = await until("state live");
  reflector.confirm();
  const completeAt = await until("complete shop/a", liveAt);
  world.put("c");
  await until("upsert shop/c", completeAt);
  assert.ok(!said.includes("state failing"));
});

test("an object that decode refuses is poisoned alone, in a list and in a watch", async (t) => {
  const { world, said, until } = await mirror(
    t,
    kinds.pods,
    {
      decode: (object) => {
        if ("poison" in object) throw new AppError("TEST_POISON", "no good");
        return object.metadata.name;
      },
    },
    (w) => {
      w.put("a");
      w.put("bad", { poison: true });
    },
  );
  await until("state live");
  world.put("a", { poison: true });
  world.put("b");
  await until("upsert shop/b");
  assert.deepEqual(said, ["poisoned shop/bad", "complete shop/a", "state syncing", "state live", "poisoned shop/a", "upsert shop/b"]);
});

test("a list that cannot be true counts as a failure", async (t) => {
  const { until } = await mirror(t, kinds.nodes, { implausible: (items) => (items.length === 0 ? "a cluster has nodes" : undefined) });
  await until("failed CALL_IMPLAUSIBLE");
});

test("while a kind is followed, what the server says of others is as good as what it says of this one", async (t) => {
  const other = await createListedWorld(kinds.nodes);
  const client = createKubeClient(
    { cluster: { server: other.server.url, credentials: { type: "none" }, namespace: "default" } },
    { clock: systemClock, random: seededRandom(1) },
  );
  t.after(async () => {
    await client.close();
    await other.close();
  });
  const heartbeat = createHeartbeat(
    { resource: kinds.nodes, silenceMs: 60_000, timeoutMs: 1_000 },
    { client, clock: systemClock, random: seededRandom(1) },
  );
  const { world, reflector, until } = await mirror(t, kinds.pods, {}, () => {}, 10_000, heartbeat);
  const liveAt = await until("state live");
  heartbeat.heard();
  const vouchedMs = heartbeat.lastHeardMonoMs;
  assert.equal(reflector.status().lastSuccessMonoMs, vouchedMs);
  world.interfere((_request, answer) => {
    answer.reset();
    return true;
  });
  world.endWatches("reset");
  await until("state failing", liveAt);
  heartbeat.heard();
  assert.equal(reflector.status().lastSuccessMonoMs, vouchedMs);
});

test("a server that went back while the watch stands is found by the heartbeat, and a few false alarms end it", async (t) => {
  const other = await createListedWorld(kinds.nodes);
  const client = createKubeClient(
    { cluster: { server: other.server.url, credentials: { type: "none" }, namespace: "default" } },
    { clock: systemClock, random: seededRandom(1) },
  );
  const heartbeat = createHeartbeat(
    { resource: kinds.nodes, silenceMs: 40, timeoutMs: 1_000 },
    { client, clock: systemClock, random: seededRandom(1) },
  );
  t.after(async () => {
    await heartbeat.stop();
    await client.close();
    await other.close();
  });
  const { world, until } = await mirror(t, kinds.pods, {}, () => {}, 10_000, heartbeat);
  const liveAt = await until("state live");
  assert.equal(world.lists, 1);
  world.revision = 40;
  other.revision = 40;
  heartbeat.start();
  await until("complete rewound", liveAt);
  await other.server.seen(other.server.requests.length + 3);
  const before: number = world.lists;
  assert.equal(before, 2);
  other.revision = 30;
  await other.server.seen(other.server.requests.length + 8);
  const alarms = world.lists - before;
  assert.ok(alarms >= 1 && alarms <= 3, `${alarms} lists`);
});

test("a bookmark of a lower revision than known is followed by a list", async (t) => {
  const { world, until } = await mirror(t, kinds.pods, {}, (w) => w.put("a"));
  const liveAt = await until("state live");
  world.revision = 40;
  world.bookmark();
  await until("complete rewound shop/a", liveAt);
});

test("a sink that throws does not stop the mirror", async (t) => {
  const world = await createListedWorld(kinds.pods);
  const client = createKubeClient(
    { cluster: { server: world.server.url, credentials: { type: "none" }, namespace: "default" } },
    { clock: systemClock, random: seededRandom(1) },
  );
  const reached = Promise.withResolvers<void>();
  const reflector = createReflector<string>(
    { resource: kinds.pods, decode: (object) => object.metadata.name },
    {
      client,
      clock: systemClock,
      random: seededRandom(1),
      sink: (evidence) => {
        if (evidence.kind === "upsert") reached.resolve();
        throw new Error("sink is broken");
      },
    },
  );
  t.after(async () => {
    await reflector.stop();
    await client.close();
    await world.close();
  });
  reflector.start();
  await world.server.seen(2);
  world.put("a");
  await reached.promise;
});
