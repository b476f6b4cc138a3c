import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { extendRegistry, parseEskip, printEskip, redactRoutes, standardRegistry } from "../../route/index.ts";
import { authFilters } from "../auth-filters.ts";
import { startAuthProxy } from "../testing/auth-proxy.ts";
import { startServer } from "../testing/local-server.ts";

test("webhook asks with the fields of the request and does what the service says", async (t) => {
  const service = await startServer(t, ({ headers }, response) => {
    const { "x-want": want = "200" } = headers;
    response.writeHead(Number(want), { "X-User": "ann", "X-Secret": "no", Location: "/elsewhere" }).end("ignored");
  });
  const { ask, backend, metric } = await startAuthProxy(t, `* -> webhook("${service.url}/check?a=b", "X-User, X-Role") -> BACKEND`);
  equal((await ask("/path", { Cookie: "a=b", "X-User": "root", "X-Role": "admin" })).status, 200);
  const [asked] = service.seen;
  deepEqual([asked?.method, asked?.path, asked?.headers.cookie, asked?.body], ["GET", "/check?a=b", "a=b", ""]);
  equal(asked?.headers.host, new URL(service.url).host);
  const [seen] = backend.seen;
  deepEqual([seen?.headers["x-user"], seen?.headers["x-role"], seen?.headers["x-secret"]], ["ann", undefined, undefined]);
  for (const [want, status] of [
    ["204", 200],
    ["403", 403],
    ["302", 302],
    ["307", 401],
    ["401", 401],
    ["404", 401],
    ["500", 401],
    ["429", 401],
  ] as const)
    equal((await ask("/", { "X-Want": want })).status, status, want);
  equal((await ask("/", { "X-Want": "302" })).headers.location, "/elsewhere");
  equal(backend.seen.length, 2);
  equal(metric("holdfast_auth_decisions_total", "webhook", "refused"), 8);
});

test("webhook lets nobody pass while the service is slow, breaks off, talks without end or is gone", async (t) => {
  const service = await startServer(t, ({ path }, response) => {
    if (path === "/slow") return;
    if (path === "/broken") response.writeHead(200, { "content-length": 10 }).write("x", () => response.destroy());
    else response.end("x".repeat(2_000_000));
  });
  const gone = await startServer(t, () => {});
  await gone.stop();
  const routes = ["slow", "broken", "long"].map((name) => `${name}: Path("/${name}") -> webhook("${service.url}/${name}") -> BACKEND;`);
  const { ask, backend, logged } = await startAuthProxy(
    t,
    `${routes.join(" ")} gone: Path("/gone") -> webhook("${gone.url}/?token=hidden") -> BACKEND`,
    { settings: { webhookTimeoutMs: 1_000 } },
  );
  for (const path of ["/slow", "/broken", "/long", "/gone"]) {
    const { status, headers } = await ask(path);
    equal(status, 401, path);
    equal(headers["www-authenticate"], 'Bearer realm="127.0.0.1"');
  }
  equal(backend.seen.length, 0);
  match(logged.join("\n"), /nobody could say who somebody is/);
  equal(logged.join("\n").includes("hidden"), false);
});

test("the query of a URL that is asked stands neither in routes that are shown nor in the log", async (t) => {
  const service = await startServer(t, (_, response) => response.writeHead(500).end());
  const text = `a: Path("/a") -> webhook("${service.url}/check?key=hidden", "X-User") -> BACKEND;
    b: Path("/b") -> jwtValidationKeys("${service.url}/keys?key=hidden") -> BACKEND`;
  const { ask, logged } = await startAuthProxy(t, text);
  equal((await ask("/a")).status, 401);
  equal((await ask("/b", { Authorization: "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.e30.AAAA" })).status, 503);
  equal(service.seen[0]?.path, "/check?key=hidden");
  match(logged.join(), /webhook of http/);
  equal(logged.join().includes("hidden"), false);
  const { routes } = parseEskip(text.replaceAll("BACKEND", "<shunt>"), "test");
  const shown = printEskip(redactRoutes(routes, extendRegistry(standardRegistry, { filters: authFilters() })));
  match(shown, /check\?\*\*\*", "X-User"/);
  match(shown, /keys\?\*\*\*"/);
});
