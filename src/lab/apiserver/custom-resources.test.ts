import assert from "node:assert/strict";
import { after, test } from "node:test";
import { compileJsonPath } from "./json-path.ts";
import { type Json, arrayAt, stringAt, valueAt } from "./json.ts";
import type { Schema } from "./resource-type.ts";
import { type TestApiServer, openWatch, startApiServer } from "./testing/index.ts";

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const PATH = "/apis/example.org/v1/namespaces/default/widgets";

const SPEC: Schema = {
  type: "object",
  required: ["size"],
  properties: {
    size: { type: "integer", minimum: 1, maximum: 10 },
    color: { type: "string", enum: ["red", "blue"], default: "red" },
    name: { type: "string", pattern: "^[a-z]+$", maxLength: 5 },
    port: { "x-kubernetes-int-or-string": true },
    parts: {
      type: "array",
      maxItems: 2,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["id"],
      items: { type: "object", required: ["id"], properties: { id: { type: "string" } } },
    },
    free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    none: { type: "string", nullable: true },
    either: {
      type: "object",
      properties: { a: { type: "string" }, b: { type: "string" } },
      oneOf: [{ required: ["a"] }, { required: ["b"] }],
    },
  },
};

const definition = (kind = "Widget", plural = "widgets"): object => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.example.org` },
  spec: {
    group: "example.org",
    scope: "Namespaced",
    names: { kind, plural },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {}, scale: { specReplicasPath: ".spec.size", statusReplicasPath: ".status.size" } },
        additionalPrinterColumns: [
          { name: "Size", type: "integer", jsonPath: ".spec.size" },
          { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
        ],
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: SPEC, status: { type: "object", properties: { size: { type: "integer" } } } },
          },
        },
      },
    ],
  },
});

async function establish(server: TestApiServer, body: object = definition()): Promise<void> {
  const watch = await openWatch(server, `${DEFINITIONS}?watch=1`);
  assert.equal((await server.call("POST", DEFINITIONS, body)).code, 201);
  for (;;) {
    const event = await watch.next();
    const conditions = arrayAt(event?.object as unknown as Json, "status", "conditions");
    if (conditions.some((condition) => stringAt(condition, "type") === "Established")) break;
  }
  watch.close();
}

const widget = (spec: object, rest: object = {}): object => ({
  apiVersion: "example.org/v1",
  kind: "Widget",
  metadata: { name: "w" },
  spec,
  ...rest,
});

test("a definition makes its kind, with defaults, and what the schema does not know is dropped", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  assert.equal((await server.call("GET", PATH)).code, 404);
  await establish(server);
  const made = await server.call(
    "POST",
    PATH,
    widget({ size: 3, unknown: 1, free: { any: [1] }, port: "http", none: null }, { status: { size: 9 } }),
  );
  assert.equal(made.code, 201, JSON.stringify(made.body));
  assert.deepEqual(valueAt(made.body as Json, "spec"), { size: 3, free: { any: [1] }, port: "http", none: null, color: "red" });
  assert.equal(valueAt(made.body as Json, "status"), undefined);
  const groups = (await server.call("GET", "/apis/example.org")).body as Json;
  assert.equal(stringAt(groups, "preferredVersion", "groupVersion"), "example.org/v1");
});

const shared = startApiServer().then(async (server) => {
  await establish(server);
  return server;
});
after(async () => (await shared).close());

for (const [spec, field, message] of [
  [{}, "spec.size", /Required value/],
  [{ size: "3" }, "spec.size", /spec\.size in body must be of type integer: "string"/],
  [{ size: 11 }, "spec.size", /should be less than or equal to 10/],
  [{ size: 1, color: "green" }, "spec.color", /Unsupported value: "green": supported values: "red", "blue"/],
  [{ size: 1, name: "ABC" }, "spec.name", /should match '\^\[a-z\]\+\$'/],
  [{ size: 1, name: "abcdef" }, "spec.name", /Too long/],
  [{ size: 1, port: 1.5 }, "spec.port", /must be of type integer,string/],
  [{ size: 1, parts: [{ id: "a" }, { id: "b" }, { id: "c" }] }, "spec.parts", /Too many: 3/],
  [{ size: 1, parts: [{ id: "a" }, { id: "a" }] }, "spec.parts[1]", /Duplicate value/],
  [{ size: 1, either: {} }, "spec.either", /must validate one and only one schema/],
] as const) {
  test(`a custom resource with ${JSON.stringify(spec)} is refused at ${field}`, async () => {
    const server = await shared;
    const answer = await server.call("POST", PATH, widget(spec));
    assert.equal(answer.code, 422);
    const cause = arrayAt(answer.body as Json, "details", "causes").find((each) => stringAt(each, "field") === field);
    assert.match(stringAt(cause, "message") ?? "", message);
  });
}

test("spec and status are written apart, and the generation counts the spec alone", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  await establish(server);
  await server.call("POST", PATH, widget({ size: 3 }));
  const merge = { "content-type": "application/merge-patch+json" };
  const status = await server.call("PATCH", `${PATH}/w/status`, { spec: { size: 7 }, status: { size: 2 } }, merge);
  assert.deepEqual(
    [
      valueAt(status.body as Json, "spec", "size"),
      valueAt(status.body as Json, "status", "size"),
      valueAt(status.body as Json, "metadata", "generation"),
    ],
    [3, 2, 1],
  );
  const scaled = await server.call("PATCH", `${PATH}/w/scale`, { spec: { replicas: 5 } }, merge);
  assert.deepEqual([valueAt(scaled.body as Json, "spec", "replicas"), valueAt(scaled.body as Json, "status", "replicas")], [5, 2]);
  const read = await server.call("GET", `${PATH}/w`);
  assert.deepEqual([valueAt(read.body as Json, "spec", "size"), valueAt(read.body as Json, "metadata", "generation")], [5, 2]);
});

test("printer columns make the table", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  await establish(server);
  await server.call("POST", PATH, widget({ size: 3 }));
  const table = (await server.call("GET", PATH, undefined, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" })).body as Json;
  assert.deepEqual(
    arrayAt(table, "columnDefinitions").map((column) => stringAt(column, "name")),
    ["Name", "Size", "Age"],
  );
  assert.deepEqual(arrayAt(table, "rows", 0, "cells").slice(0, 2), ["w", 3]);
});

test("a deleted definition takes its objects and its kind with it, also after a restart", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  await establish(server);
  await server.call("POST", PATH, widget({ size: 3 }));
  await server.restart();
  assert.equal((await server.call("GET", `${PATH}/w`)).code, 200);
  const watch = await openWatch(server, `${DEFINITIONS}?watch=1`);
  await server.call("DELETE", `${DEFINITIONS}/widgets.example.org`);
  while ((await watch.next())?.type !== "DELETED");
  watch.close();
  assert.equal((await server.call("GET", PATH)).code, 404);
  await establish(server);
  assert.deepEqual(arrayAt((await server.call("GET", PATH)).body as Json, "items"), []);
});

test("a definition whose kind is taken is not established", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  await establish(server);
  await establish(server, definition("Widget", "gadgets"));
  const read = (await server.call("GET", `${DEFINITIONS}/gadgets.example.org`)).body as Json;
  const established = arrayAt(read, "status", "conditions").find((condition) => stringAt(condition, "type") === "Established");
  assert.equal(stringAt(established, "status"), "False");
  assert.equal((await server.call("GET", "/apis/example.org/v1/namespaces/default/gadgets")).code, 404);
});

test("JSONPath finds fields, elements, all elements and those that fit", () => {
  const root: Json = {
    spec: { hosts: ["a", "b"], "x.y": 1 },
    status: {
      conditions: [
        { type: "Ready", status: "True" },
        { type: "Other", status: "False" },
      ],
    },
  };
  const find = (path: string): Json[] | undefined => compileJsonPath(path)?.(root);
  assert.deepEqual(find(".spec.hosts[1]"), ["b"]);
  assert.deepEqual(find(".spec.hosts[*]"), ["a", "b"]);
  assert.deepEqual(find(".spec['x.y']"), [1]);
  assert.deepEqual(find(".spec.x\\.y"), [1]);
  assert.deepEqual(find('.status.conditions[?(@.type=="Ready")].status'), ["True"]);
  assert.deepEqual(find(".status.none"), []);
  assert.equal(find(".spec.hosts[?(@ > 1)]"), undefined);
});
