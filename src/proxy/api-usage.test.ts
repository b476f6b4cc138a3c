import { deepEqual, equal, match } from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { type ApiUsageSettings, parseEskip } from "../route/index.ts";
import { startProxy } from "./testing/proxy-under-test.ts";

const SETTINGS: ApiUsageSettings = { realmKeys: ["realm", "https://id/realm"], clientKeys: ["azp"], realmsPattern: "^services$" };
const ORDERS = JSON.stringify({
  application_id: "shop",
  tag: "staging",
  api_id: "orders",
  path_templates: ["/orders", "orders/:id", "orders/{id}/items/{item?}", "//a.b//{x}.json"],
  client_tracking_pattern: "^(shipping|payment)$",
});
const CUSTOMERS = JSON.stringify({
  application_id: "shop",
  api_id: "customers",
  path_templates: ["/customers/"],
  client_tracking_pattern: "",
});

interface Counted {
  ask(path: string, claims?: object, method?: string): Promise<void>;
  /** Values of a series by its labels, those that are 0 left out. */
  series(name: string): Readonly<Record<string, number>>;
  /** Ends the proxy; what the filter has logged. */
  problems(): Promise<readonly unknown[]>;
}

async function counted(t: TestContext, apis: readonly string[], settings: ApiUsageSettings | "off" = SETTINGS): Promise<Counted> {
  const under = await startProxy({}, undefined, undefined, settings === "off" ? {} : { apiUsage: settings });
  t.after(() => under.close());
  under.server.answer(
    (request) => `HTTP/1.1 ${request.includes("/orders/gone") ? "404 Not Found" : "200 OK"}\r\nContent-Length: 0\r\n\r\n`,
  );
  const filter = `apiUsageMonitoring(${apis.map((api) => `\`${api}\``).join(", ")})`;
  under.routes(parseEskip(`all: * -> ${filter} -> "http://127.0.0.1:${under.server.port}"`, "test").routes);
  return {
    async ask(path, claims, method = "GET") {
      const token = Buffer.from(JSON.stringify(claims ?? {})).toString("base64url");
      const field = claims === undefined ? "" : `Authorization: Bearer e30.${token}.x\r\n`;
      await under.exchange(`${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${field}\r\n`);
    },
    series(name) {
      const family = under.metrics.dump().find((dump) => dump.name === `holdfast_filter_api_${name}`);
      return Object.fromEntries((family?.series ?? []).map(({ labelValues, values }) => [labelValues.join(" "), values[0] ?? 0]));
    },
    async problems() {
      await under.proxy.close({ timeoutMs: 0 });
      return under.filterLines.flatMap((line) => (JSON.parse(line) as { readonly problems: readonly unknown[] }).problems);
    },
  };
}

test("requests are counted by the template that their path matches, the most special one first", async (t) => {
  const { ask, series } = await counted(t, [ORDERS, CUSTOMERS]);
  for (const path of [
    "/orders",
    "/orders/7",
    "/orders/8/",
    "/orders/gone",
    "/orders/7/items/1",
    "/orders/7/items/",
    "/a.b/x.json",
    "/a-b/x.json",
  ])
    await ask(path);
  await ask("/customers", undefined, "POST");
  await ask("/customers", undefined, "BREW");
  deepEqual(series("requests_total"), {
    "shop staging orders GET orders 2xx": 1,
    "shop staging orders GET orders/{id} 2xx": 2,
    "shop staging orders GET orders/{id} 4xx": 1,
    "shop staging orders GET orders/{id}/items/{item} 2xx": 2,
    "shop staging orders GET a.b/{x}.json 2xx": 1,
    "shop {unknown} {unknown} GET {no-match} 2xx": 1,
    "shop {no-tag} customers POST customers 2xx": 1,
    "shop {no-tag} customers {unknown} customers 2xx": 1,
  });
  const latency = series("latency_seconds");
  equal(Object.keys(latency).length, 7);
});

test("clients are told apart by claims of realms that are tracked", async (t) => {
  const { ask, series } = await counted(t, [ORDERS, CUSTOMERS]);
  await ask("/orders", { realm: "services", azp: "shipping" });
  await ask("/orders/gone", { "https://id/realm": "services", azp: "shipping" });
  await ask("/orders", { realm: "services", azp: "somebody" });
  await ask("/orders", { realm: "services" });
  await ask("/orders", { realm: "customers", azp: "me" });
  await ask("/orders", { azp: "shipping" });
  await ask("/orders");
  await ask("/customers", { realm: "services", azp: "shipping" });
  deepEqual(series("client_requests_total"), {
    "shop staging orders services shipping 2xx": 1,
    "shop staging orders services shipping 4xx": 1,
    "shop staging orders services {no-match} 2xx": 1,
    "shop staging orders services {unknown} 2xx": 1,
    "shop staging orders customers {all} 2xx": 1,
    "shop staging orders {unknown} {unknown} 2xx": 2,
  });
  equal(Object.keys(series("client_latency_seconds_total")).length, 5);
});

test("clients that are made up without end become one", async (t) => {
  const { ask, series } = await counted(t, [ORDERS]);
  for (let at = 0; at < 1_005; at++) await ask("/orders", { realm: `r${at}` });
  await ask("/orders", { realm: "r7" });
  const clients = series("client_requests_total");
  equal(Object.keys(clients).length, 1_001);
  equal(clients["shop staging orders {other} {other} 2xx"], 5);
  equal(clients["shop staging orders r7 {all} 2xx"], 2);
});

test("without claims to look at no client is counted, and without the flag nothing", async (t) => {
  const plain = await counted(t, [ORDERS], { realmKeys: [], clientKeys: [], realmsPattern: "services" });
  await plain.ask("/orders", { realm: "services" });
  deepEqual(plain.series("requests_total"), { "shop staging orders GET orders 2xx": 1 });
  deepEqual(plain.series("client_requests_total"), {});
  const off = await counted(t, [ORDERS], "off");
  await off.ask("/orders");
  deepEqual(off.series("requests_total"), {});
});

test("what can not be read is told, and the route serves and counts the rest", async (t) => {
  const wrong = ["{", "[]", '{"application_id":"a","api_id":"b"}', '{"application_id":"a","api_id":"b","path_templates":["a"],"other":1}'];
  const twice = '{"application_id":"shop","tag":"staging","api_id":"orders","path_templates":["orders","orders/:id","orders/{other}"]}';
  const { ask, series, problems } = await counted(t, [...wrong, twice]);
  await ask("/orders");
  deepEqual(series("requests_total"), { "shop staging orders GET orders 2xx": 1 });
  const told = await problems();
  equal(told.length, 5);
  for (const [at, said] of [
    /JSON/,
    /a JSON object/,
    /path_templates is no list/,
    /"other" is none of/,
    /orders\/\{other\} stands for the same/,
  ].entries())
    match(String(told[at]), new RegExp(`^argument ${at + 1}: .*${said.source}`));
});
