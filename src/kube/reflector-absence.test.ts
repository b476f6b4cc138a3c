import assert from "node:assert/strict";
import { test } from "node:test";
import { kinds } from "./index.ts";
import { mirror } from "./testing/mirrored-kind.ts";

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
