import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { API_CASES, comparable } from "../testing/api-cases.ts";
import { exchange, proxyUnderTest, tcpServer } from "../testing/kit.ts";

const TOKEN = "a-token-of-sixteen-or-more";

test("the control API answers as Toxiproxy does, errors included", async (t) => {
  const proxy = await proxyUnderTest(t);
  for (const { method, path, body, status, answer = "" } of API_CASES) {
    const got = await proxy.call(method, path, body);
    const about = `${method} ${path} ${JSON.stringify(body) ?? ""}: ${got.text}`;
    assert.equal(got.status, status, about);
    if (typeof answer === "string" && answer.startsWith("{")) assert.ok(got.text.startsWith(answer), about);
    else assert.deepEqual(comparable(got.text), answer, about);
  }
});

test("with a token, nothing is answered and nothing happens without it", async (t) => {
  const proxy = await proxyUnderTest(t, TOKEN);
  const body = { name: "a", listen: "127.0.0.1:0", upstream: "127.0.0.1:9" };
  assert.equal((await proxy.call("POST", "/proxies", body)).status, 401);
  assert.equal((await proxy.call("GET", "/proxies", undefined, { authorization: "Bearer another-token-of-16" })).status, 401);
  const withToken = { authorization: `Bearer ${TOKEN}` };
  assert.deepEqual((await proxy.call("GET", "/proxies", undefined, withToken)).body, {});
  assert.equal((await proxy.call("POST", "/proxies", body, withToken)).status, 201);
});

test("a page in a browser cannot use it: not by its name, not by its origin, not under a name pointed at this machine", async (t) => {
  const proxy = await proxyUnderTest(t);
  const ask = (headers: Readonly<Record<string, string>>): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const asked = request(`http://${proxy.control}/proxies`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on("error", reject);
      asked.end();
    });
  assert.equal(await ask({ "user-agent": "Mozilla/5.0" }), 403);
  assert.equal(await ask({ origin: "http://evil.example" }), 403);
  assert.equal(await ask({ host: "evil.example" }), 421);
  assert.equal(await ask({ host: "localhost:8474" }), 200);
});

test("bytes are counted by the names that Toxiproxy's metrics have", async (t) => {
  const proxy = await proxyUnderTest(t);
  const upstream = await tcpServer(t, (socket) => socket.pipe(socket));
  const port = await proxy.before("a", upstream);
  await exchange(port, "hello");
  const { text } = await proxy.call("GET", "/metrics");
  for (const direction of ["upstream", "downstream"])
    for (const what of ["received", "sent"])
      assert.match(
        text,
        new RegExp(
          `^toxiproxy_proxy_${what}_bytes_total\\{direction="${direction}",proxy="a",listener="127.0.0.1:${port}",upstream="127.0.0.1:${upstream}"\\} 5$`,
          "m",
        ),
      );
});
