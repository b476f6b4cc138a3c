import assert from "node:assert/strict";
import { test } from "node:test";
import { type Evidence, type EvidenceItem, createHold, createMemberEvidence } from "./index.ts";
import { ManualClock } from "../kernel/testing/manual-clock.ts";

type Container = readonly string[];

function slice(key: string, members: Container): EvidenceItem<Container> {
  return { key, value: members, version: members.join() };
}

function complete(items: readonly EvidenceItem<Container>[], poisoned: readonly string[] = []): Evidence<Container> {
  return { kind: "complete", items, poisoned: poisoned.map((key) => ({ key, problem: "broken" })), revision: "1", rewound: false };
}

function rig(): { observe: (evidence: Evidence<Container>) => void; said: string[] } {
  const said: string[] = [];
  const observe = createMemberEvidence<Container, string>(
    ({ value }) => value.map((member) => ({ key: member, value: member, version: "1" })),
    (evidence) => {
      if (evidence.kind === "complete")
        said.push(
          `complete ${evidence.items.map(({ key }) => key).join()} ${evidence.poisoned.map(({ key }) => key ?? "?").join()}`.trim(),
        );
      else said.push("key" in evidence ? `${evidence.kind} ${evidence.key ?? "?"}` : evidence.kind);
    },
  );
  return { observe, said };
}

test("a container's update is told as its members that came, then those that went", () => {
  const { observe, said } = rig();
  observe(complete([slice("s1", ["a", "b"])]));
  observe({ kind: "upsert", ...slice("s1", ["b", "c"]) });
  observe({ kind: "delete", key: "s1", revision: "9" });
  assert.deepEqual(said, ["complete a,b", "upsert b", "upsert c", "delete a", "delete b", "delete c"]);
});

test("a member of two containers goes only when both have lost it", () => {
  const { observe, said } = rig();
  observe(complete([slice("s1", ["a"]), slice("s2", ["a", "b"])]));
  observe({ kind: "upsert", ...slice("s1", []) });
  assert.deepEqual(said, ["complete a,b"]);
  observe({ kind: "delete", key: "s2", revision: "9" });
  assert.deepEqual(said.slice(1), ["delete a", "delete b"]);
});

test("an unreadable container protects the members it was known to have", () => {
  const { observe, said } = rig();
  observe(complete([slice("s1", ["a"]), slice("s2", ["b"])]));
  observe(complete([slice("s2", ["b"])], ["s1"]));
  observe({ kind: "poisoned", key: "s1", problem: "broken" });
  observe({ kind: "upsert", ...slice("s1", ["c"]) });
  assert.deepEqual(said, ["complete a,b", "complete b a", "poisoned a", "upsert c", "delete a"]);
});

test("an unreadable container nobody ever read makes the answer prove no removal", () => {
  const { observe, said } = rig();
  observe(complete([slice("s2", ["b"])], ["s1"]));
  assert.deepEqual(said, ["complete b ?"]);
});

test("failures and recoveries of the source pass", () => {
  const { observe, said } = rig();
  observe({ kind: "failed", error: { code: "X", message: "x" } });
  observe({ kind: "live" });
  observe({ kind: "absent" });
  assert.deepEqual(said, ["failed", "live", "absent"]);
});

test("containers that are emptied all at once by a live source leave withdrawn members, not none", () => {
  const hold = createHold<string>(
    { name: "endpoints", policy: { unproven: "withdraw", deleteBudget: { count: 5, share: 0.1, windowMs: 60_000 } } },
    { clock: new ManualClock() },
  );
  const observe = createMemberEvidence<Container, string>(
    ({ key, value }) => value.map((member) => ({ key: `${key}/${member}`, value: member, version: "1" })),
    (evidence) => hold.observe(evidence),
  );
  const names = Array.from({ length: 10 }, (_, at) => `s${at}`);
  observe(complete(names.map((name) => slice(name, ["a", "b"]))));
  for (const name of names) observe({ kind: "upsert", ...slice(name, []) });
  const left = [...hold.accepted.values()];
  assert.deepEqual([left.length, left.every(({ withdrawn }) => withdrawn)], [15, true]);
});
