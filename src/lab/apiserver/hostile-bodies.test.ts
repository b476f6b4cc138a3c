import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as fc from "fast-check";
import { startApiServer } from "./testing/index.ts";

const shared = startApiServer();
after(async () => (await shared).close());

/** JSON whose keys are often those that the server looks at. */
const key = fc.constantFrom(
  "metadata",
  "spec",
  "status",
  "name",
  "labels",
  "annotations",
  "finalizers",
  "template",
  "containers",
  "selector",
  "matchLabels",
  "matchExpressions",
  "rules",
  "http",
  "paths",
  "backend",
  "service",
  "ports",
  "port",
  "env",
  "valueFrom",
  "volumes",
  "$patch",
  "$retainKeys",
  "$setElementOrder/containers",
  "$deleteFromPrimitiveList/finalizers",
  "toString",
  "x",
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 6 },
    fc.constantFrom(null, true, "", "a", "replace", "delete", -1, 0, 1.5, 1e300),
    fc.array(tie("json"), { maxLength: 3 }),
    fc.dictionary(key, tie("json"), { maxKeys: 5 }),
  ),
}));
const spec = {
  selector: { matchLabels: { a: "b" } },
  template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } },
};
const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const KINDS: readonly (readonly [string, string])[] = [
  ["/api/v1/namespaces/default/pods", "Pod"],
  ["/api/v1/namespaces/default/services", "Service"],
  ["/api/v1/nodes", "Node"],
  [DEPLOYMENTS, "Deployment"],
  ["/apis/batch/v1/namespaces/default/jobs", "Job"],
  ["/apis/networking.k8s.io/v1/namespaces/default/ingresses", "Ingress"],
  ["/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", "EndpointSlice"],
  ["/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "CustomResourceDefinition"],
];

async function isAnswered(method: string, path: string, body: unknown, type: string): Promise<void> {
  const answer = await (await shared).call(method, path, JSON.stringify(body), { "content-type": type });
  assert.ok(answer.code < 500, `${answer.code} ${JSON.stringify(answer.body)}`);
}

test("no object that is made up brings the server to an internal error", async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...KINDS), json, json, async ([path, kind], specification, rest) => {
      const extra = typeof rest === "object" && rest !== null && !Array.isArray(rest) ? rest : {};
      await isAnswered("POST", path, { metadata: { generateName: "x-" }, spec: specification, ...extra, kind }, "application/json");
      await isAnswered("POST", path, rest, "application/json");
    }),
    { numRuns: 60 },
  );
});

for (const type of [
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/json-patch+json",
  "application/apply-patch+yaml",
]) {
  test(`no patch of the type ${type} brings the server to an internal error`, async () => {
    await (await shared).call("POST", DEPLOYMENTS, { metadata: { name: "d" }, spec });
    const operation = fc.record({
      op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test", 1),
      path: fc.constantFrom("", "/spec", "/spec/template", "/metadata", "/metadata/name", "/spec/x/-", "x"),
      from: fc.constantFrom("", "/spec", "/metadata"),
      value: json,
    });
    const body = type === "application/json-patch+json" ? fc.oneof(fc.array(operation, { maxLength: 3 }), json) : json;
    await fc.assert(
      fc.asyncProperty(body, fc.constantFrom("", "/status", "/scale"), async (patch, subresource) => {
        const whole =
          type === "application/apply-patch+yaml" && typeof patch === "object" && patch !== null
            ? { ...patch, metadata: { name: "d" } }
            : patch;
        await isAnswered("PATCH", `${DEPLOYMENTS}/d${subresource}?force=true`, whole, type);
      }),
      { numRuns: 40 },
    );
    assert.equal((await (await shared).call("GET", `${DEPLOYMENTS}/d`)).code, 200);
  });
}

test("what was stored of all that can be shown as a table", async () => {
  for (const [path] of KINDS) {
    const table = await (await shared).call("GET", path, undefined, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" });
    assert.equal(table.code, 200, JSON.stringify(table.body));
  }
});
