import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { AppError, assertNever, seededRandom, systemClock } from "../kernel/index.ts";
import {
  type Heartbeat,
  type KubeEvidence,
  type Reflector,
  type ReflectorOptions,
  type Resource,
  createKubeClient,
  createReflector,
  kinds,
} from "./index.ts";
import type { HostileAnswer } from "./testing/hostile-server.ts";
import { type ListedWorld, createListedWorld } from "./testing/listed-world.ts";

interface Mirror {
  readonly world: ListedWorld;
  readonly reflector: Reflector;
  /** Everything said so far, in short: `complete a b`, `upsert a`, `failed KUBE_…`. */
  readonly said: readonly string[];
  /** Resolves with the index of the first thing said from `from` on that begins with `start`. */
  readonly until: (start: string, from?: number) => Promise<number>;
}

function short(evidence: KubeEvidence<string>): string {
  switch (evidence.kind) {
    case "complete":
      return `complete${evidence.rewound ? " rewound" : ""}${evidence.items.map(({ key }) => ` ${key}`).join("")}`;
    case "upsert":
      return `upsert ${evidence.key}`;
    case "delete":
      return `delete ${evidence.key}`;
    case "poisoned":
      return `poisoned ${evidence.key ?? "?"}`;
    case "failed":
      return `failed ${evidence.error.code}`;
    case "live":
    case "absent":
      return evidence.kind;
    default:
      return assertNever(evidence);
  }
}

async function mirror(
  t: TestContext,
  resource: Resource,
  options: Partial<ReflectorOptions<string>> = {},
  prepare: (world: ListedWorld) => void = () => {},
  patienceMs = 10_000,
  heartbeat?: Heartbeat,
): Promise<Mirror> {
  const world = await createListedWorld(resource);
  prepare(world);
  const client = createKubeClient(
    {
      cluster: { server: world.server.url, credentials: { type: "none" }, namespace: "default" },
      headTimeoutMs: patienceMs,
      bodySilenceTimeoutMs: patienceMs,
      caller: { attempts: 1 },
    },
    { clock: systemClock, random: seededRandom(1) },
  );
  const said: string[] = [];
  let waiting: { start: string; from: number; resolve: (at: number) => void }[] = [];
  const look = (): void => {
    waiting = waiting.filter(({ start, from, resolve }) => {
      const at = said.findIndex((line, index) => index >= from && line.startsWith(start));
      if (at === -1) return true;
      resolve(at);
      return false;
    });
  };
  const reflector = createReflector<string>(
    { resource, decode: (object) => object.metadata.name, backoff: { baseMs: 5, capMs: 20 }, silenceTimeoutMs: 5_000, ...options },
    {
      client,
      clock: systemClock,
      random: seededRandom(2),
      ...(heartbeat === undefined ? {} : { heartbeat }),
      sink: (evidence) => {
        said.push(short(evidence));
        look();
      },
      onState: (status) => {
        said.push(`state ${status.state}`);
        look();
      },
    },
  );
  t.after(async () => {
    await reflector.stop();
    await client.close();
    await world.close();
  });
  reflector.start();
  return {
    world,
    reflector,
    said,
    until: (start, from = 0) =>
      new Promise((resolve) => {
        waiting.push({ start, from, resolve });
        look();
      }),
  };
}

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

const groups = (...names: string[]): object => ({
  kind: "APIGroupList",
  apiVersion: "v1",
  groups: names.map((name) => ({ name, versions: [] })),
});
const notFound = { kind: "Status", apiVersion: "v1", status: "Failure", reason: "NotFound", code: 404 };

test("an optional kind is absent only when group list, discovery and definitions say so", async (t) => {
  let served = groups("networking.k8s.io", "zalando.org");
  let resources: object | undefined = {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: "zalando.org/v1",
    resources: [{ name: "routegroups" }],
  };
  let defined = true;
  const { world, said, reflector, until } = await mirror(t, kinds.routeGroups, { optional: true, absentRecheckMs: 20 }, (w) =>
    w.interfere((request, answer) => {
      if (request.path === "/apis") answer.json(served);
      else if (request.path === "/apis/zalando.org/v1" && resources !== undefined) answer.json(resources);
      else if (request.path.startsWith("/apis/apiextensions") && defined)
        answer.json({
          kind: "CustomResourceDefinition",
          apiVersion: "apiextensions.k8s.io/v1",
          metadata: { name: "routegroups.zalando.org", resourceVersion: "1" },
        });
      else if (request.path.startsWith("/apis/apiextensions")) answer.json(notFound, 404);
      else answer.text("404 page not found", 404);
      return true;
    }),
  );
  const next = async (start: string): Promise<number> => until(start, said.length);
  await next("failed KUBE_NO_SUCH_PATH");
  resources = { kind: "APIResourceList", apiVersion: "v1", groupVersion: "zalando.org/v1", resources: [] };
  await next("failed KUBE_NO_SUCH_PATH");
  served = groups();
  await next("failed KUBE_NO_SUCH_PATH");
  served = { ...groups(), kind: "Status" };
  await next("failed KUBE_NO_SUCH_PATH");
  served = groups("networking.k8s.io");
  resources = undefined;
  await next("failed KUBE_NO_SUCH_PATH");
  assert.ok(!said.includes("absent"), "a kind with a definition is not absent");
  defined = false;
  await next("absent");
  assert.equal(reflector.status().state, "absent");
  world.interfere(undefined);
  world.put("a");
  await until("complete shop/a");
});

test("a kind that is absent is looked for with one request, and proved absent again when that is asked for", async (t) => {
  const { world, said, reflector, until } = await mirror(t, kinds.routeGroups, { optional: true, absentRecheckMs: 20 }, (w) =>
    w.interfere((request, answer) => {
      if (request.path === "/apis") answer.json(groups("networking.k8s.io"));
      else answer.text("404 page not found", 404);
      return true;
    }),
  );
  await until("absent");
  const asked = world.server.requests.length;
  await world.server.seen(asked + 3);
  assert.deepEqual(
    world.server.requests.slice(asked, asked + 3).map(({ path }) => path),
    Array.from({ length: 3 }, () => "/apis/zalando.org/v1/routegroups"),
  );
  reflector.confirm();
  await until("absent", said.length);
});

test("while a kind is followed, what the server says of others is as good as what it says of this one", async (t) => {
  let lastHeardMonoMs = 0;
  const heartbeat = {
    heard: () => {},
    get lastHeardMonoMs() {
      return lastHeardMonoMs;
    },
    start: () => {},
    stop: () => Promise.resolve(),
  };
  const { world, reflector, until } = await mirror(t, kinds.pods, {}, () => {}, 10_000, heartbeat);
  const liveAt = await until("state live");
  const own = reflector.status().lastSuccessMonoMs ?? 0;
  lastHeardMonoMs = own + 5_000;
  assert.equal(reflector.status().lastSuccessMonoMs, own + 5_000);
  world.interfere((_request, answer) => {
    answer.reset();
    return true;
  });
  world.endWatches("reset");
  await until("state failing", liveAt);
  lastHeardMonoMs = own + 9_000;
  assert.equal(reflector.status().lastSuccessMonoMs, own + 5_000);
});

test("a required kind is never absent", async (t) => {
  const { said, until } = await mirror(t, kinds.routeGroups, {}, (w) =>
    w.interfere((request, answer) => {
      if (request.path === "/apis") answer.json(groups("networking.k8s.io"));
      else answer.text("404 page not found", 404);
      return true;
    }),
  );
  await until("failed KUBE_NO_SUCH_PATH");
  await until("failed KUBE_NO_SUCH_PATH", said.length);
  assert.ok(!said.includes("absent"));
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
