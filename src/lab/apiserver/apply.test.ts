import assert from "node:assert/strict";
import { test } from "node:test";
import { type Json, arrayAt, objectAt, stringAt } from "./json.ts";
import { type TestApiServer, startApiServer } from "./testing/index.ts";

const PATH = "/apis/apps/v1/namespaces/default/deployments/d";
const deployment = (spec: object, labels: object = {}): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d", labels },
  spec: {
    selector: { matchLabels: { app: "d" } },
    template: { metadata: { labels: { app: "d" } }, spec: { containers: [{ name: "web", image: "demo:1" }] } },
    ...spec,
  },
});

async function apply(server: TestApiServer, manager: string, body: object, force = false): Promise<{ code: number; body: Json }> {
  const answer = await server.call("PATCH", `${PATH}?fieldManager=${manager}&force=${force}`, body, {
    "content-type": "application/apply-patch+yaml",
  });
  return { code: answer.code, body: answer.body as Json };
}

test("the first application makes the object and records what it sets", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  const made = await apply(server, "one", deployment({ replicas: 2 }));
  assert.equal(made.code, 201);
  const [entry] = arrayAt(made.body, "metadata", "managedFields");
  assert.deepEqual([stringAt(entry, "manager"), stringAt(entry, "operation")], ["one", "Apply"]);
  assert.deepEqual(objectAt(entry, "fieldsV1", "f:spec", "f:template", "f:spec"), {
    "f:containers": { 'k:{"name":"web"}': { ".": {}, "f:name": {}, "f:image": {} } },
  });
});

test("applying the same again changes nothing, not even the revision", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  const first = await apply(server, "one", deployment({ replicas: 2 }));
  const again = await apply(server, "one", deployment({ replicas: 2 }));
  assert.equal(again.code, 200);
  assert.equal(stringAt(again.body, "metadata", "resourceVersion"), stringAt(first.body, "metadata", "resourceVersion"));
});

test("another manager's field with another value is a conflict, with the same value it is shared", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  await apply(server, "one", deployment({ replicas: 2 }));
  const conflict = await apply(server, "two", deployment({ replicas: 3 }));
  assert.equal(conflict.code, 409);
  assert.deepEqual(arrayAt(conflict.body, "details", "causes"), [
    { reason: "FieldManagerConflict", message: 'conflict with "one" using apps/v1', field: ".spec.replicas" },
  ]);
  assert.equal(stringAt(conflict.body, "message"), 'Apply failed with 1 conflict: conflict with "one" using apps/v1: .spec.replicas');
  assert.equal((await apply(server, "two", deployment({ replicas: 2 }))).code, 200);
});

test("force takes the field over", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  await apply(server, "one", deployment({ replicas: 2 }));
  const forced = await apply(server, "two", deployment({ replicas: 3 }), true);
  assert.equal(forced.code, 200);
  const owners = arrayAt(forced.body, "metadata", "managedFields").filter(
    (entry) => objectAt(entry, "fieldsV1", "f:spec", "f:replicas") !== undefined,
  );
  assert.deepEqual(
    owners.map((entry) => stringAt(entry, "manager")),
    ["two"],
  );
});

test("what a manager lists no more goes, unless another manager has it too", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  const both = [
    { name: "web", image: "demo:1" },
    { name: "side", image: "side:1" },
  ];
  const template = (containers: object[]): object => ({ template: { metadata: { labels: { app: "d" } }, spec: { containers } } });
  await apply(server, "one", deployment(template(both), { a: "1", b: "2" }));
  await apply(server, "two", { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "d", labels: { b: "2" } } });
  const less = await apply(server, "one", deployment(template(both.slice(0, 1))));
  assert.deepEqual(objectAt(less.body, "metadata", "labels"), { b: "2" });
  assert.deepEqual(
    arrayAt(less.body, "spec", "template", "spec", "containers").map((container) => stringAt(container, "name")),
    ["web"],
  );
});

test("an update takes the fields that it changes from whoever applied them", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  await apply(server, "one", deployment({ replicas: 2 }));
  await server.call("PATCH", `${PATH}?fieldManager=hpa`, { spec: { replicas: 5 } }, { "content-type": "application/merge-patch+json" });
  const conflict = await apply(server, "one", deployment({ replicas: 2 }));
  assert.equal(conflict.code, 409);
  assert.match(stringAt(conflict.body, "message") ?? "", /conflict with "hpa" using apps\/v1: \.spec\.replicas/);
  const without = await apply(server, "one", deployment({}));
  assert.equal(without.code, 200);
  assert.equal(objectAt(without.body, "spec")?.["replicas"], 5);
});

test("the status has managers of its own", async (t) => {
  const server = await startApiServer();
  t.after(() => server.close());
  await apply(server, "one", deployment({ replicas: 2 }));
  const answer = await server.call(
    "PATCH",
    `${PATH}/status?fieldManager=controller`,
    { status: { replicas: 1 } },
    { "content-type": "application/merge-patch+json" },
  );
  const entry = arrayAt(answer.body as Json, "metadata", "managedFields").find((each) => stringAt(each, "manager") === "controller");
  assert.equal(stringAt(entry, "subresource"), "status");
  assert.deepEqual(objectAt(entry, "fieldsV1"), { "f:status": { "f:replicas": {} } });
});
