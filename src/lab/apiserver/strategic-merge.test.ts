import assert from "node:assert/strict";
import { test } from "node:test";
import { loadBuiltinSchemas } from "./builtin-schema.ts";
import type { Json, JsonObject } from "./json.ts";
import { applyStrategicMerge } from "./strategic-merge.ts";

const schema = loadBuiltinSchemas().linked("", "v1", "Pod");
const merged = (spec: JsonObject, patch: JsonObject): Json => applyStrategicMerge({ spec }, { spec: patch }, schema)["spec"] ?? null;
const containers = (...names: string[]): JsonObject[] => names.map((name) => ({ name, image: `${name}:1` }));

test("containers merge by name, and what the patch does not name stays", () => {
  assert.deepEqual(
    merged(
      { containers: containers("a", "b") },
      {
        containers: [
          { name: "b", image: "b:2" },
          { name: "c", image: "c:1" },
        ],
      },
    ),
    {
      containers: [
        { name: "a", image: "a:1" },
        { name: "b", image: "b:2" },
        { name: "c", image: "c:1" },
      ],
    },
  );
});

test("an element is deleted by its key, a list replaced, a field removed by null", () => {
  assert.deepEqual(merged({ containers: containers("a", "b") }, { containers: [{ name: "a", $patch: "delete" }] }), {
    containers: containers("b"),
  });
  assert.deepEqual(merged({ containers: containers("a", "b") }, { containers: [{ $patch: "replace" }, ...containers("z")] }), {
    containers: containers("z"),
  });
  assert.deepEqual(merged({ nodeName: "n", hostname: "h" }, { hostname: null }), { nodeName: "n" });
});

test("lists without a merge key are replaced whole", () => {
  assert.deepEqual(merged({ containers: [{ name: "a", args: ["1", "2"] }] }, { containers: [{ name: "a", args: ["3"] }] }), {
    containers: [{ name: "a", args: ["3"] }],
  });
});

test("the order of elements is the one that the patch gives, and others keep their place", () => {
  const order = [{ name: "c" }, { name: "a" }];
  assert.deepEqual(
    merged(
      { containers: containers("a", "other", "c") },
      { "$setElementOrder/containers": order, containers: [{ name: "c", image: "c:2" }] },
    ),
    {
      containers: [
        { name: "other", image: "other:1" },
        { name: "c", image: "c:2" },
        { name: "a", image: "a:1" },
      ],
    },
  );
});

test("a union changes its member by $retainKeys", () => {
  assert.deepEqual(
    merged(
      { volumes: [{ name: "v", emptyDir: {} }] },
      { volumes: [{ name: "v", $retainKeys: ["name", "hostPath"], hostPath: { path: "/x" } }] },
    ),
    {
      volumes: [{ name: "v", hostPath: { path: "/x" } }],
    },
  );
});

test("a map is replaced when the patch says so", () => {
  assert.deepEqual(merged({ nodeSelector: { a: "1", b: "2" } }, { nodeSelector: { $patch: "replace", c: "3" } }), {
    nodeSelector: { c: "3" },
  });
});

test("primitives are taken from a list that merges", () => {
  const metadata = applyStrategicMerge(
    { metadata: { finalizers: ["x", "y"] } },
    { metadata: { "$deleteFromPrimitiveList/finalizers": ["x"], finalizers: ["z"] } },
    schema,
  )["metadata"];
  assert.deepEqual(metadata, { finalizers: ["z", "y"] });
});
