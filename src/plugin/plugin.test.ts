import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { systemClock } from "../kernel/index.ts";
import { ManualClock } from "../kernel/testing/manual-clock.ts";
import { type ProxyUnderTest, startProxy } from "../proxy/testing/proxy-under-test.ts";
import { compileTable, extendRegistry, parseEskip, standardRegistry } from "../route/index.ts";
import { type LoadedPlugins, loadPlugins } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-plugin-"));
after(() => rmSync(folder, { recursive: true, maxRetries: 20, retryDelay: 100 }));
let written = 0;

/** A file with this text, loaded. */
async function load(text: string, onFailure?: (predicate: string, thrown: unknown) => void): Promise<LoadedPlugins> {
  const file = join(folder, `plugin-${++written}.ts`);
  writeFileSync(file, text);
  return loadPlugins([file], standardRegistry, systemClock, onFailure);
}

async function problemOf(text: string): Promise<string> {
  const { problems, filters, predicates } = await load(text);
  assert.deepEqual([filters, predicates], [[], []]);
  return problems.map(({ code, message }) => `${code} ${message}`).join("; ");
}

/** Puts routes that name what the plugin has on the proxy. */
function serve(under: ProxyUnderTest, plugins: LoadedPlugins, routes: string): readonly string[] {
  assert.deepEqual(plugins.problems, []);
  const text = routes.replaceAll("BACKEND", `"http://127.0.0.1:${under.server.port}"`);
  const { table, problems } = compileTable(parseEskip(text, "test"), extendRegistry(standardRegistry, plugins));
  under.proxy.update(table, new Map(), "live");
  return problems.map(({ routeId, message }) => `${routeId}: ${message}`);
}

const ask = (under: ProxyUnderTest, path: string, fields = ""): Promise<string> =>
  under.exchange(`GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}Connection: close\r\n\r\n`);

test("the package says where the interface is", () => {
  assert.ok(existsSync(fileURLToPath(import.meta.resolve("holdfast/plugin"))));
});

test("what is no plugin is refused with one line that names the file and what is wrong", async () => {
  const shell = (rest: string): string => `export const plugin = { interfaceVersion: 1, ${rest} };`;
  for (const [text, expected] of [
    ["export const other = 1;", /^PLUGIN_SHAPE --plugin \/.*plugin-\d+\.ts: it must export a constant plugin/],
    ["export const plugin = { interfaceVersion: 2 };", /^PLUGIN_VERSION .*for version 2 of the interface; this router has version 1$/],
    [shell("filters: {}"), /^PLUGIN_SHAPE .*filters must be a list$/],
    [shell("filters: [null]"), /^PLUGIN_SHAPE .*each filter must have a name, a text, and a function create$/],
    [shell('predicates: [{ name: "A" }]'), /^PLUGIN_SHAPE .*each predicate must have/],
    [shell('filters: [{ name: "a-b", create() {} }]'), /^PLUGIN_NAME .*"a-b" can be no name/],
    [shell('filters: [{ name: "setPath", create() {} }]'), /^PLUGIN_NAME .*there is a filter setPath already/],
    [shell('predicates: [{ name: "Host", create() {} }]'), /^PLUGIN_NAME .*there is a predicate Host already/],
    [shell('filters: [{ name: "x", create() {} }, { name: "x", create() {} }]'), /^PLUGIN_NAME .*there is a filter x already/],
    ['throw new Error("no\\nluck");', /^PLUGIN_LOAD .*it cannot be loaded: no luck$/],
    ["export const plugin = {\n  interfaceVersion: ;\n};", /^PLUGIN_LOAD .*it cannot be loaded: [^\n]+$/],
    ["enum A { b }", /^PLUGIN_LOAD .*it cannot be loaded: [^\n]*enum[^\n]*$/],
    ['import "./missing.ts";', /^PLUGIN_LOAD .*it cannot be loaded: Cannot find module [^\n]+$/],
  ] as const)
    assert.match(await problemOf(text), expected, text);
  const { problems } = await loadPlugins([join(folder, "none.ts")], standardRegistry, systemClock);
  assert.match(problems[0]?.message ?? "", /none\.ts: there is no such file$/);
});

test("a plugin that does not come to an end while it loads is given up; the next one is loaded all the same", async () => {
  const [endless, sound] = [join(folder, "endless.ts"), join(folder, "sound.ts")];
  writeFileSync(endless, "await new Promise(() => {});\n");
  writeFileSync(sound, 'export const plugin = { interfaceVersion: 1, filters: [{ name: "x", create: () => ({ request() {} }) }] };\n');
  const clock = new ManualClock();
  const loading = loadPlugins([endless, sound], standardRegistry, clock);
  await clock.advance(10_000);
  const { problems, filters } = await loading;
  assert.deepEqual(
    problems.map(({ message }) => message.slice(message.indexOf("endless"))),
    ["endless.ts: it was not loaded within 10 s"],
  );
  assert.deepEqual(
    filters.map(({ name }) => name),
    ["x"],
  );
});

test("filters of a plugin see and change a request and its answer, wait, answer themselves, and hear of the end", async (t) => {
  const plugins = await load(`
    const ends: number[] = [];
    export const plugin = { interfaceVersion: 1, filters: [
      { name: "change", create: ([name]: string[]) => ({
        request(exchange: any) {
          exchange.setRequestHeader(name, [exchange.method, exchange.path, exchange.query, exchange.host, exchange.scheme, exchange.routeId, exchange.requestHeader("x-in")].join(" "));
          exchange.addRequestHeader("X-More", "1");
          exchange.removeRequestHeader("X-In");
          exchange.setPath("/changed");
          exchange.setQuery("b=2");
          exchange.state.set("a", 1);
        },
        async response(exchange: any) {
          await new Promise(setImmediate);
          exchange.setResponseHeader("X-State", String(exchange.state.get("a")));
          exchange.removeResponseHeader("X-Out");
          exchange.responseStatus = 202;
          exchange.onEnd((status: number) => ends.push(status));
        },
      }) },
      { name: "answer", create: () => ({ async request(exchange: any) { await null; exchange.respond(200, { "X-Ends": ends.join() }, "done"); } }) },
    ] };`);
  const under = await startProxy();
  t.after(() => under.close());
  assert.deepEqual(
    serve(under, plugins, 'change: Path("/a") -> change("X-Seen") -> BACKEND; answer: Path("/b") -> answer() -> <shunt>'),
    [],
  );
  let seen = "";
  under.server.answer((request) => {
    seen = request;
    return "HTTP/1.1 200 OK\r\nX-Out: 1\r\nContent-Length: 2\r\n\r\nok";
  });
  const answer = await ask(under, "/a?c=1", "X-In: here\r\n");
  assert.match(seen, /^GET \/changed\?b=2 HTTP\/1\.1\r\n/);
  assert.match(seen, /\r\nX-Seen: GET \/a c=1 a http change here\r\nX-More: 1\r\n/);
  assert.doesNotMatch(seen, /X-In/);
  assert.match(answer, /^HTTP\/1\.1 202 [^]*\r\nX-State: 1\r\n/);
  assert.doesNotMatch(answer, /X-Out/);
  assert.match(await ask(under, "/b"), /^HTTP\/1\.1 200 [^]*X-Ends: 202\r\n[^]*Content-Length: 4\r\n[^]*done$/);
});

test("a filter that fails fails its request and no other; one that goes on behind the end touches nothing", async (t) => {
  const plugins = await load(`
    let kept: any;
    export const plugin = { interfaceVersion: 1, filters: [
      { name: "broken", create: () => ({ request() { throw new Error("broken"); } }) },
      { name: "rejects", create: () => ({ request: async () => { throw new Error("rejected"); } }) },
      { name: "hangs", create: () => ({ request: () => new Promise(() => {}) }) },
      { name: "odd", create: () => ({ request: () => null, response: () => 7 }) },
      { name: "wrong", create: () => ({ request(exchange: any) { exchange.setRequestHeader("X-A", 5); } }) },
      { name: "escapes", create: () => ({ request(exchange: any) { exchange.setPath("/a b"); } }) },
      { name: "keeps", create: () => ({ request(exchange: any) { kept = exchange; } }) },
      { name: "late", create: () => ({ request(exchange: any) {
        let said = "nothing";
        try { kept.setRequestHeader("X-A", "b"); } catch (error: any) { said = error.message; }
        exchange.respond(200, { "X-Aborted": String(kept.signal.aborted) }, said);
      } }) },
      { name: "picky", create: () => { throw new Error("expected a tenant"); } },
      { name: "empty", create: () => ({}) },
    ] };`);
  const under = await startProxy({ timeouts: { filterMs: 50 } });
  t.after(() => under.close());
  const names = ["broken", "rejects", "hangs", "odd", "wrong", "escapes", "keeps", "late", "picky", "empty"];
  const problems = serve(under, plugins, names.map((name) => `${name}: Path("/${name}") -> ${name}() -> status(204) -> <shunt>`).join(";"));
  assert.match(
    problems.join("\n"),
    /^picky: picky\(\): expected a tenant \(plugin .*\)\nempty: empty\(\): create\(\) must return an object [^\n]*$/,
  );
  const statuses = [];
  for (const name of names) statuses.push(`${name} ${(await ask(under, `/${name}`)).slice(9, 12)}`);
  assert.equal(statuses.join(), "broken 500,rejects 503,hangs 504,odd 204,wrong 500,escapes 500,keeps 204,late 200,picky 503,empty 503");
  await ask(under, "/keeps");
  assert.match(await ask(under, "/late"), /X-Aborted: true\r\n[^]*the exchange has ended; look at its signal$/);
});

test("predicates of a plugin choose routes; what is thrown, or is not true, does not match", async (t) => {
  const failures: string[] = [];
  const plugins = await load(
    `export const plugin = { interfaceVersion: 1, predicates: [
      { name: "Tag", create: ([tag]: string[]) => (request: any) => request.header("X-TAG") === tag && request.method === "GET" && request.host === "a" },
      { name: "Throws", create: () => () => { throw new Error("thrown"); } },
      { name: "Waits", create: () => async () => true },
      { name: "Nothing", create: () => undefined },
    ] };`,
    (predicate, thrown) => failures.push(`${predicate} ${String(thrown)}`),
  );
  const under = await startProxy();
  t.after(() => under.close());
  const routes = `tag: Tag("x") -> status(201) -> <shunt>; throws: Throws() -> status(202) -> <shunt>;
    waits: Waits() && Weight(9) -> status(203) -> <shunt>; rest: * -> status(204) -> <shunt>; nothing: Path("/n") && Nothing() -> <shunt>`;
  assert.match(serve(under, plugins, routes).join(), /^nothing: Nothing\(\): create\(\) must return a function/);
  assert.match(await ask(under, "/", "X-Tag: x\r\n"), /^HTTP\/1\.1 201 /);
  assert.match(await ask(under, "/", "X-Tag: y\r\n"), /^HTTP\/1\.1 204 /);
  assert.ok(failures.includes("Throws Error: thrown"), failures.join());
});
