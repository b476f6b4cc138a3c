import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { AppError, seededRandom, systemClock } from "../kernel/index.ts";
import { type KubeClient, type WatchEvent, createKubeClient, kinds } from "./index.ts";
import { type HostileAnswer, createHostileServer } from "./testing/hostile-server.ts";
import { readWatch } from "./watch-stream.ts";

const added = (name: string, resourceVersion = "8"): string =>
  `${JSON.stringify({ type: "ADDED", object: { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "shop", resourceVersion } } })}\n`;
const bookmark = `${JSON.stringify({ type: "BOOKMARK", object: { kind: "Pod", apiVersion: "v1", metadata: { resourceVersion: "9" } } })}\n`;

async function watching(
  t: TestContext,
  handler: (answer: HostileAnswer) => void,
  silenceTimeoutMs = 10_000,
): Promise<{ client: KubeClient; events: WatchEvent[]; code: string }> {
  const server = await createHostileServer((_request, answer) => handler(answer));
  const client = createKubeClient(
    { cluster: { server: server.url, credentials: { type: "none" }, namespace: "default" }, caller: { attempts: 1 } },
    { clock: systemClock, random: seededRandom(1) },
  );
  t.after(async () => {
    await client.close();
    await server.close();
  });
  const events: WatchEvent[] = [];
  try {
    for await (const event of await client.watch(kinds.pods, { resourceVersion: "7", serverTimeoutSeconds: 60, silenceTimeoutMs }))
      events.push(event);
  } catch (thrown) {
    assert.ok(thrown instanceof AppError);
    return { client, events, code: thrown.code };
  }
  return { client, events, code: "ended" };
}

const names = (events: readonly WatchEvent[]): readonly string[] =>
  events.map((event) => ("object" in event ? event.object.metadata.name : event.type));

test("a watch gives events and bookmarks and ends when the server ends it", async (t) => {
  const { events, code } = await watching(t, (a) => {
    a.openChunked();
    a.chunk(added("a") + bookmark);
    a.chunk(added("b"));
    a.endChunked();
  });
  assert.equal(code, "ended");
  assert.deepEqual(names(events), ["a", "BOOKMARK", "b"]);
});

test("an expired watch fails as KUBE_EXPIRED, in its head or as an event", async (t) => {
  const gone = { kind: "Status", apiVersion: "v1", status: "Failure", reason: "Expired", code: 410, message: "too old resource version" };
  const inHead = await watching(t, (a) => a.json(gone, 410));
  assert.equal(inHead.code, "KUBE_EXPIRED");
  const asEvent = await watching(t, (a) => {
    a.openChunked();
    a.chunk(added("a"));
    a.chunk(`${JSON.stringify({ type: "ERROR", object: gone })}\n`);
  });
  assert.deepEqual([asEvent.code, ...names(asEvent.events)], ["KUBE_EXPIRED", "a"]);
});

const broken: readonly (readonly [what: string, code: string, handler: (answer: HostileAnswer) => void])[] = [
  ["falls silent", "KUBE_TIMEOUT_BODY", (a) => a.chunk(added("a"))],
  [
    "is reset",
    "KUBE_TRUNCATED",
    (a) => {
      a.chunk(added("a"));
      setTimeout(() => a.reset(), 20);
    },
  ],
  [
    "breaks off within a line",
    "KUBE_TRUNCATED",
    (a) => {
      a.chunk(added("a") + added("b").slice(0, 30));
      a.endChunked();
    },
  ],
  ["has a line that is not JSON", "KUBE_NOT_JSON", (a) => a.chunk(`${added("a")}<html>\n`)],
  ["has a line that is no event", "KUBE_WRONG_KIND", (a) => a.chunk(`${added("a")}{}\n`)],
  ["has a bookmark without revision", "KUBE_WRONG_KIND", (a) => a.chunk(`${added("a")}{"type":"BOOKMARK","object":{}}\n`)],
];
for (const [what, code, handler] of broken) {
  test(`a watch that ${what} fails as ${code} after the events before it`, async (t) => {
    const result = await watching(
      t,
      (a) => {
        a.openChunked();
        handler(a);
      },
      code === "KUBE_TIMEOUT_BODY" ? 100 : 10_000,
    );
    assert.deepEqual([result.code, ...names(result.events)], [code, "a"]);
  });
}

test("an object that cannot be read is reported and the watch goes on", async (t) => {
  const { events, code } = await watching(t, (a) => {
    a.openChunked();
    a.chunk('{"type":"ADDED","object":{"metadata":{"name":"bad","namespace":"shop"}}}\n');
    a.chunk(added("a"));
    a.endChunked();
  });
  assert.equal(code, "ended");
  assert.deepEqual(events[0], { type: "POISONED", key: "shop/bad", problem: "metadata.resourceVersion is missing" });
  assert.deepEqual(names(events).slice(1), ["a"]);
});

test("a watch is read the same however its bytes are split", async () => {
  const bytes = Buffer.from(`${added("a")}\n${added("ü")}${bookmark}`);
  for (let at = 0; at <= bytes.length; at++) {
    const events: WatchEvent[] = [];
    for await (const event of readWatch(split(bytes, at), kinds.pods, "watch")) events.push(event);
    assert.deepEqual(names(events), ["a", "ü", "BOOKMARK"], `split at ${at}`);
  }
});

test("a line without end is refused before it fills the memory", async () => {
  const megabyte = Buffer.alloc(1024 * 1024, "x");
  let sent = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      sent++;
      yield await Promise.resolve(megabyte);
    }
  }
  await assert.rejects(
    async () => {
      for await (const event of readWatch(endless(), kinds.pods, "watch")) assert.fail(event.type);
    },
    { code: "KUBE_TOO_LARGE" },
  );
  assert.equal(sent, 17);
});

async function* split(bytes: Buffer, at: number): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes.subarray(0, at));
  yield bytes.subarray(at);
}
