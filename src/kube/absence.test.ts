import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError, seededRandom, systemClock } from "../kernel/index.ts";
import { isKindAbsent } from "./absence.ts";
import { createKubeClient, kinds } from "./index.ts";
import { type HostileAnswer, createHostileServer } from "./testing/hostile-server.ts";

type Reply = (answer: HostileAnswer) => void;

const groups =
  (...names: string[]): Reply =>
  (answer) =>
    answer.json({ kind: "APIGroupList", apiVersion: "v1", groups: names.map((name) => ({ name })) });
const resources =
  (...names: string[]): Reply =>
  (answer) =>
    answer.json({ kind: "APIResourceList", apiVersion: "v1", groupVersion: "zalando.org/v1", resources: names.map((name) => ({ name })) });
const pathNotFound: Reply = (answer) => answer.text("404 page not found", 404);
const status =
  (code: number, reason: string): Reply =>
  (answer) =>
    answer.json({ kind: "Status", apiVersion: "v1", status: "Failure", reason, code }, code);
const definition: Reply = (answer) =>
  answer.json({
    kind: "CustomResourceDefinition",
    apiVersion: "apiextensions.k8s.io/v1",
    metadata: { name: "routegroups.zalando.org", resourceVersion: "1" },
  });

const whole = groups("apps", "networking.k8s.io");
const withGroup = groups("networking.k8s.io", "zalando.org");
const noDefinition = status(404, "NotFound");

const cases: readonly (readonly [
  what: string,
  absent: boolean | string,
  groupList: Reply,
  resourceList: Reply,
  definitionAnswer: Reply,
])[] = [
  ["no group and no definition", true, whole, pathNotFound, noDefinition],
  ["no group, and definitions may not be read", true, whole, pathNotFound, status(403, "Forbidden")],
  ["a group without the kind and no definition", true, withGroup, resources("fabricgateways"), noDefinition],
  ["a group whose version is not served and no definition", true, withGroup, pathNotFound, noDefinition],
  ["a group that serves the kind", false, withGroup, resources("routegroups"), noDefinition],
  ["no group, but a definition", false, whole, pathNotFound, definition],
  ["a group list without the server's own groups", "KUBE_WRONG_KIND", groups("apps"), pathNotFound, noDefinition],
  ["an empty group list", "KUBE_WRONG_KIND", groups(), pathNotFound, noDefinition],
  ["a group list that is none", "KUBE_WRONG_KIND", (answer) => answer.json({}), pathNotFound, noDefinition],
  ["a group list that is not served", "KUBE_NO_SUCH_PATH", pathNotFound, pathNotFound, noDefinition],
  ["a resource list that is none", "KUBE_WRONG_KIND", withGroup, (answer) => answer.json({}), noDefinition],
  ["a resource list that fails", "KUBE_SERVER", withGroup, status(503, "ServiceUnavailable"), noDefinition],
  ["a definition that cannot be asked for", "KUBE_SERVER", whole, pathNotFound, status(500, "InternalError")],
];
for (const [what, expected, groupList, resourceList, definitionAnswer] of cases) {
  test(`discovery with ${what} ${typeof expected === "string" ? "states nothing" : expected ? "states that the kind is absent" : "does not state that the kind is absent"}`, async (t) => {
    const server = await createHostileServer(({ path }, answer) => {
      if (path === "/apis") groupList(answer);
      else if (path === "/apis/zalando.org/v1") resourceList(answer);
      else definitionAnswer(answer);
    });
    const client = createKubeClient(
      { cluster: { server: server.url, credentials: { type: "none" }, namespace: "default" }, caller: { attempts: 1 } },
      { clock: systemClock, random: seededRandom(1) },
    );
    t.after(async () => {
      await client.close();
      await server.close();
    });
    const outcome = await isKindAbsent(client, kinds.routeGroups, new AbortController().signal).catch((thrown: unknown) =>
      thrown instanceof AppError ? thrown.code : thrown,
    );
    assert.equal(outcome, expected);
  });
}
