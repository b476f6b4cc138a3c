import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, systemClock } from "../kernel/index.ts";
import { createKubeClient, createReflector, kinds } from "./index.ts";
import { createListedWorld } from "./testing/listed-world.ts";

const ALL = ["create", "delete", "get", "list", "watch"];
/** As kube-apiserver lists a definition whose deletion is under way: its objects go one by one, and none can be created. */
const LEAVING = ["delete", "get", "list", "watch"];

test("objects that vanish with their definition are no deletes; those deleted from a kind that stays are", async (t) => {
  let verbs = ALL;
  const world = await createListedWorld(kinds.routeGroups);
  world.put("a");
  world.put("b");
  world.interfere(({ path }, answer) => {
    if (path !== "/apis/zalando.org/v1") return false;
    answer.json({ kind: "APIResourceList", apiVersion: "v1", groupVersion: "zalando.org/v1", resources: [{ name: "routegroups", verbs }] });
    return true;
  });
  const client = createKubeClient(
    { cluster: { server: world.server.url, credentials: { type: "none" }, namespace: "default" }, caller: { attempts: 1 } },
    { clock: systemClock, random: seededRandom(1) },
  );
  const said: string[] = [];
  let look = (): void => {};
  const reflector = createReflector<string>(
    { resource: kinds.routeGroups, optional: true, decode: ({ metadata }) => metadata.name, backoff: { baseMs: 5, capMs: 20 } },
    {
      client,
      clock: systemClock,
      random: seededRandom(2),
      sink: (evidence) => {
        said.push(evidence.kind === "delete" ? `delete ${evidence.key}` : evidence.kind === "failed" ? evidence.error.code : evidence.kind);
        look();
      },
      onState: ({ state }) => {
        said.push(`state ${state}`);
        look();
      },
    },
  );
  t.after(async () => {
    await reflector.stop();
    await client.close();
    await world.close();
  });
  const until = (what: string, from = 0): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (said.includes(what, from)) resolve();
      };
      look();
    });
  reflector.start();
  await until("state live");
  world.drop("a");
  await until("delete shop/a");
  verbs = LEAVING;
  await new Promise((resolve) => {
    setTimeout(resolve, 300); // longer than an answer about the definition is believed
  });
  world.drop("b");
  await until("KUBE_KIND_LEAVING");
  assert.ok(!said.includes("delete shop/b"));
  const from = said.length;
  await until("KUBE_KIND_LEAVING", from);
  assert.ok(!said.includes("complete", from), "a list of a kind that is leaving is no complete answer");
  verbs = ALL;
  await until("complete", from);
});
