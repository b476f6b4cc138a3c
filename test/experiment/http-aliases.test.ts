import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createAliases } from "../../src/experiment/alias/aliases.ts";
import { runAlias } from "../../src/experiment/alias/run-alias.ts";
import type { Json, JsonObject } from "../../src/experiment/document/json.ts";
import { openNatives } from "../../src/experiment/native/open-natives.ts";
import { createPythonWorker } from "../../src/experiment/provider/python-worker.ts";
import { messageOf, systemClock, systemRandom } from "../../src/kernel/index.ts";
import { type HttpWorld, openHttpWorld } from "./alias-corpus/http-world.ts";

// What chaostoxi and chaosprometheus answered with the same servers (alias-corpus/record-http.ts), against what we answer without them.
interface Recorded {
  readonly module: string;
  readonly func: string;
  readonly arguments: JsonObject;
  readonly answer: { readonly value?: unknown; readonly failed?: string; readonly raised?: string };
  /** Where the package fails by a mistake of its own. */
  readonly ours?: Recorded["answer"];
  readonly shown: unknown;
}

const aliases = createAliases(createPythonWorker("python3", {}), { prefersPython: false });
type Kept = Parameters<typeof runAlias>[2]["kept"];

async function play(world: HttpWorld, { module, func, arguments: given }: Omit<Recorded, "answer" | "shown">, kept?: Kept): Promise<Json> {
  const alias = await aliases.find(module, func);
  assert.ok(alias !== undefined, `${module}.${func} is played without Python`);
  const { configuration } = world;
  const context = { configuration, secrets: {}, environment: {}, clock: systemClock, random: systemRandom, kept, isRollback: false };
  return runAlias(alias, given, context, new AbortController().signal);
}

test("functions of chaostoxi and chaosprometheus answer what the packages answer", async () => {
  const cases = JSON.parse(readFileSync(join(import.meta.dirname, "alias-corpus/http-cases.json"), "utf8")) as readonly Recorded[];
  await using world = await openHttpWorld();
  for (const one of cases) {
    const title = `${one.module}.${one.func}(${JSON.stringify(one.arguments)})`;
    const answer = one.ours ?? one.answer;
    const played = play(world, one);
    if (typeof answer.value === "number") assert.ok(Math.abs(Number(await played) - answer.value) < 1e-9, title);
    else if (answer.value !== undefined) assert.deepEqual(await played, answer.value, title);
    else
      await assert.rejects(played, (error) => {
        const words = answer.failed?.split("{")[0] ?? "";
        assert.ok(messageOf(error).startsWith(words), `${title}: ${messageOf(error)}, not ${words}`);
        return true;
      });
    assert.deepEqual(await world.proxies(), one.shown, `${title}: the proxies that there are then`);
  }
  assert.match(String(world.configuration["db_PORT"]), /^\d+$/, "the port of a proxy is a value of the configuration then");
});

async function keeperFor(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-toxiproxy-"));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const ending = new AbortController().signal;
  return openNatives(
    { target: {}, seed: 1, title: "t", folder: { run: "r", path: folder }, ending },
    { clock: systemClock, environment: {} },
  );
}

test("toxics are off and proxies are on again at the end", async (t) => {
  await using world = await openHttpWorld();
  const natives = await keeperFor(t);
  const proxy = { proxy_name: "db", upstream_host: "127.0.0.1", upstream_port: 9, listen_host: "127.0.0.1" };
  await play(world, { module: "chaostoxi.proxy.actions", func: "create_proxy", arguments: proxy }, natives);
  const before = await world.proxies();
  const latency = { for_proxy: "db", toxic_name: "l", latency: 20 };
  await play(world, { module: "chaostoxi.toxic.actions", func: "create_latency_toxic", arguments: latency }, natives);
  await play(world, { module: "chaostoxi.proxy.actions", func: "disable_proxy", arguments: { proxy_name: "db" } }, natives);
  assert.notDeepEqual(await world.proxies(), before);
  await natives.faults.revertAll();
  assert.deepEqual(await world.proxies(), before);
  assert.deepEqual(
    natives.evidence.faults.map(({ label, revertedAt }) => [label, revertedAt !== null]),
    [
      ["toxic l on proxy db", true],
      ["proxy db is disabled", true],
    ],
  );
});
