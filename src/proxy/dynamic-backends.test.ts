import assert from "node:assert/strict";
import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { test } from "node:test";
import { defaultBalancerOptions } from "../balance/index.ts";
import { seededRandom } from "../kernel/index.ts";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { type CompiledRoute, ExchangeState, compileTable, parseEskip, standardRegistry } from "../route/index.ts";
import { AddressGuard } from "./address-guard.ts";
import { DynamicBackends } from "./dynamic-backends.ts";
import { ADDRESS_DENIED, GuardedLookup } from "./guarded-lookup.ts";
import { resolveProxyOptions } from "./options.ts";
import { fieldsOf, serve } from "./testing/own-filter.ts";
import { startProxy } from "./testing/proxy-under-test.ts";
import { RawServer } from "./testing/raw-peers.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const LOOPBACK = { dynamicBackends: ["127.0.0.0/8"] };

function get(host: string, fields = ""): string {
  return `GET /a?b=1 HTTP/1.1\r\nHost: ${host}\r\n${fields}Connection: close\r\n\r\n`;
}

test("a dynamic back end is where filters say, and its host is the Host", async (t) => {
  const under = await startProxy();
  t.after(() => under.close());
  const { port } = under.server;
  for (const filters of [
    `setDynamicBackendUrl("http://127.0.0.1:${port}/ignored?too=1")`,
    `setDynamicBackendHost("127.0.0.1:${port}") -> setDynamicBackendScheme("http")`,
    `setDynamicBackendHost("127.0.0.1:1") -> setDynamicBackendScheme("https") -> setDynamicBackendUrl("http://127.0.0.1:${port}")`,
  ]) {
    serve(under, `* -> ${filters} -> <dynamic>`);
    const client = under.client().send(get("www.example.org"));
    const { text, connection } = await under.server.request();
    connection.send(OK);
    assert.match(text, /^GET \/a\?b=1 HTTP\/1.1\r\n/);
    assert.deepEqual(fieldsOf(text, "host"), [`127.0.0.1:${port}`]);
    assert.deepEqual(fieldsOf(text, "x-forwarded-host"), ["www.example.org"]);
    assert.match(await client.ended(), /^HTTP\/1.1 200 OK\r\n/);
  }
});

test("without a word of the route the request goes where its Host says, if requests may choose that", async (t) => {
  const under = await startProxy(LOOPBACK);
  t.after(() => under.close());
  serve(under, "* -> <dynamic>");
  under.server.answer(OK);
  assert.match(await under.exchange(get(`127.0.0.1:${under.server.port}`)), /^HTTP\/1.1 200 /);
  assert.match(await under.exchange(get("127.0.0.1:0")), /^HTTP\/1.1 502 .*\(PROXY_DYNAMIC_NONE\)\n$/s);
  assert.match(await under.exchange("GET / HTTP/1.0\r\n\r\n"), /^HTTP\/1.1 502 .*\(PROXY_DYNAMIC_NONE\)\n$/s);
});

test("what a request names is connected to at public addresses only, unless others are listed", async (t) => {
  const under = await startProxy();
  t.after(() => under.close());
  const { port } = under.server;
  under.server.onData = () => assert.fail("the address was connected to");
  serve(under, '* -> setDynamicBackendUrlFromHeader("X-Url") -> setDynamicBackendHostFromHeader("X-Host") -> <dynamic>');
  for (const [host, fields] of [
    [`127.0.0.1:${port}`, ""],
    [`localhost:${port}`, ""],
    [`[::ffff:127.0.0.1]:${port}`, ""],
    [`[::1]:${port}`, ""],
    ["a", `X-Host: 127.0.0.1:${port}\r\n`],
    ["a", `X-Url: http://LOCALHOST:${port}/x\r\n`],
    ["a", "X-Url: https://169.254.169.254/latest/meta-data\r\n"],
    ["a", `X-Url: h2c://localhost:${port}\r\n`],
  ] as const) {
    const answer = await under.exchange(get(host, fields));
    assert.match(answer, /^HTTP\/1.1 403 .*\(PROXY_DYNAMIC_DENIED\)\n$/s, host + fields);
  }
  // A filter of the route has the last word on the host, and it is not the request's.
  serve(
    under,
    `* -> setDynamicBackendHostFromHeader("X-Host") -> setDynamicBackendHost("127.0.0.1:${port}") -> <dynamic>;
     url: Header("X-Mix", "1") -> setDynamicBackendHost("127.0.0.1:${port}") -> setDynamicBackendUrlFromHeader("X-Url") -> <dynamic>`,
  );
  under.server.onData = undefined;
  under.server.answer(OK);
  assert.match(await under.exchange(get("a", "X-Host: 127.0.0.2\r\n")), /^HTTP\/1.1 200 /);
  assert.match(await under.exchange(get("a", `X-Mix: 1\r\nX-Url: http://127.0.0.1:${port}\r\n`)), /^HTTP\/1.1 403 /);
});

test("breakers stand before each dynamic back end for itself, and its failures are its own", async (t) => {
  const under = await startProxy();
  t.after(() => under.close());
  const dead = await new RawServer().listen();
  await dead.close();
  serve(
    under,
    `a: Path("/a") -> consecutiveBreaker(2) -> setDynamicBackendUrl("http://127.0.0.1:${dead.port}") -> <dynamic>;
     b: * -> consecutiveBreaker(2) -> setDynamicBackendUrl(BACKEND) -> <dynamic>;`,
  );
  under.server.answer(OK);
  const answers = [];
  for (let time = 0; time < 3; time++) answers.push(/^HTTP\/1.1 (\d+) .*?(?:\((\w+)\)\n)?$/s.exec(await under.exchange(get("a")))?.[2]);
  assert.deepEqual(answers, ["PROXY_CONNECT_REFUSED", "PROXY_CONNECT_REFUSED", "PROXY_BREAKER_OPEN"]);
  assert.match(await under.exchange(get("a").replace("/a", "/b")), /^HTTP\/1.1 200 /);
  assert.equal(under.proxy.stats().endpoints.openBreakers, 1);
});

test("a route with the back end forward sends requests on as they came, without its filters", async (t) => {
  const plain = await startProxy();
  t.after(() => plain.close());
  serve(plain, '* -> setPath("/changed") -> <forward>');
  assert.match(await plain.exchange(get("a")), /^HTTP\/1.1 503 .*\(PROXY_ROUTE_BROKEN\)\n$/s);
  const under = await startProxy({ forwardBackend: `http://127.0.0.1:${plain.server.port}/` });
  t.after(() => under.close());
  serve(under, '* -> setPath("/changed") -> setRequestHeader("X-Seen", "1") -> <forward>');
  const client = under.client().send(get("www.example.org"));
  const { text, connection } = await plain.server.request();
  assert.match(text, /^GET \/a\?b=1 HTTP\/1.1\r\n/);
  assert.deepEqual([fieldsOf(text, "host"), fieldsOf(text, "x-seen")], [["www.example.org"], []]);
  connection.send(OK);
  assert.match(await client.until("ok"), /^HTTP\/1.1 200 /);
  assert.throws(() => resolveProxyOptions({ forwardBackend: "nowhere" }), { code: "PROXY_OPTION" });
});

/** Dynamic back ends of which two are kept, and the addresses of those that were forgotten. */
function known(): {
  readonly backends: DynamicBackends;
  readonly clock: ManualClock;
  readonly forgotten: string[];
  readonly ask: (host: string) => ReturnType<DynamicBackends["target"]>;
} {
  const clock = new ManualClock();
  const forgotten: string[] = [];
  const backends = new DynamicBackends(
    { balancer: defaultBalancerOptions, allowed: ["public"], most: 2, idleMs: 1_000 },
    { clock, random: seededRandom(1), onForgotten: (endpoints) => forgotten.push(...endpoints.map(({ address }) => address)) },
  );
  const { table } = compileTable(parseEskip("all: * -> <dynamic>", "test"), standardRegistry);
  const route = table.find("all") as CompiledRoute;
  const ask = (host: string): ReturnType<DynamicBackends["target"]> =>
    backends.target(route, Object.assign(new ExchangeState(), { authority: host, scheme: "http" }));
  return { backends, clock, forgotten, ask };
}

function endpointOf(target: ReturnType<DynamicBackends["target"]>): { readonly address: string; begin(): void; end(): void } {
  const endpoint = typeof target === "string" ? undefined : target.pool?.endpoints[0];
  assert.ok(endpoint !== undefined, typeof target === "string" ? target : "");
  return endpoint;
}

test("so many dynamic back ends are kept; for one more the one unused for longest goes, unless it is in use", () => {
  const { forgotten, ask } = known();
  const first = endpointOf(ask("a.example"));
  assert.equal(endpointOf(ask("A.Example:80")), first);
  ask("b.example");
  ask("a.example");
  ask("c.example");
  assert.deepEqual(forgotten, ["http://b.example:80"]);
  first.begin();
  ask("d.example");
  assert.deepEqual(forgotten, ["http://b.example:80", "http://c.example:80"]);
  endpointOf(ask("d.example")).begin();
  assert.equal(ask("e.example"), "PROXY_DYNAMIC_LIMIT");
  first.end();
  endpointOf(ask("e.example"));
  assert.equal(forgotten.at(-1), "http://a.example:80");
});

test("a dynamic back end nobody asks for is forgotten in time, one that is busy is not", async () => {
  const { backends, clock, forgotten, ask } = known();
  const busy = endpointOf(ask("busy.example"));
  busy.begin();
  ask("idle.example");
  await clock.advance(999);
  backends.tick(clock.monoMs());
  assert.deepEqual(forgotten, []);
  await clock.advance(1);
  backends.tick(clock.monoMs());
  assert.deepEqual(forgotten, ["http://idle.example:80"]);
  busy.end();
  await clock.advance(1_000);
  backends.tick(clock.monoMs());
  assert.deepEqual(forgotten, ["http://idle.example:80", "http://busy.example:80"]);
  assert.deepEqual([...backends.endpoints()], []);
});

test("a guard knows public addresses from all others, and what nodes are told at needs to be named", () => {
  const open = new AddressGuard(["public"]);
  for (const address of ["8.8.8.8", "::ffff:8.8.8.8", "2606:4700::1111"]) assert.equal(open.isAllowed(address), true, address);
  const inner = ["10.1.2.3", "127.0.0.1", "::ffff:10.1.2.3", "::1", "fd12::1", "192.168.1.1", "100.64.0.1"];
  const special = ["0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "64:ff9b::a01:203", "2002:a01:203::", "2001::1", "::ffff:a01:203", "x"];
  const metadata = ["169.254.169.254", "fe80::1", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "::ffff:169.254.169.254"];
  for (const address of [...inner, ...special, ...metadata]) assert.equal(open.isAllowed(address), false, address);
  const near = new AddressGuard(["private"]);
  for (const address of inner) assert.equal(near.isAllowed(address), true, address);
  for (const address of [...metadata, "8.8.8.8"]) assert.equal(near.isAllowed(address), false, address);
  const named = new AddressGuard(["169.254.169.254", "fe80::/10"]);
  assert.deepEqual([named.isAllowed("169.254.169.254"), named.isAllowed("fe80::1"), named.isAllowed("169.254.1.1")], [true, true, false]);
  assert.equal(new AddressGuard(["none"]).isAllowed("8.8.8.8"), false);
  assert.throws(() => new AddressGuard(["internet"]), { code: "PROXY_OPTION" });
});

test("names of requests are looked up two at a time, and only addresses that may be chosen are given", async () => {
  const running: string[] = [];
  const answers = new Map<string, (addresses: readonly LookupAddress[]) => void>();
  const guarded = new GuardedLookup(new AddressGuard(["public"]), ((
    name: string,
    _options: unknown,
    done: (error: null, addresses: readonly LookupAddress[]) => void,
  ) => {
    running.push(name);
    answers.set(name, (addresses) => done(null, addresses));
  }) as unknown as ConstructorParameters<typeof GuardedLookup>[1]);
  const ask = (name: string, all: boolean): Promise<unknown> =>
    new Promise((resolve) => {
      const done: Parameters<LookupFunction>[2] = (error, address) => resolve(error?.code ?? address);
      guarded.lookup(name, { all }, done);
    });
  const asked = [ask("a", true), ask("b", false), ask("c", false)];
  assert.deepEqual(running, ["a", "b"]);
  answers.get("a")?.([
    { address: "10.0.0.1", family: 4 },
    { address: "8.8.8.8", family: 4 },
  ]);
  assert.deepEqual(running, ["a", "b", "c"]);
  answers.get("b")?.([{ address: "8.8.4.4", family: 4 }]);
  answers.get("c")?.([{ address: "127.0.0.1", family: 4 }]);
  assert.deepEqual(await Promise.all(asked), [[{ address: "8.8.8.8", family: 4 }], "8.8.4.4", ADDRESS_DENIED]);
});
