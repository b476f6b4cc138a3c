import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { fieldsOf, serve } from "./testing/own-filter.ts";
import { startProxy } from "./testing/proxy-under-test.ts";
import { requestFields } from "./h2/fields.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** What the back end of these filters gets; BACKEND stands for its address. */
async function sent(t: TestContext, routes: string, request: string): Promise<{ readonly text: string; readonly own: string }> {
  const under = await startProxy();
  t.after(() => under.close());
  serve(under, routes);
  const client = under.client().send(request);
  const { text, connection } = await under.server.request();
  connection.send(OK);
  await client.until("ok");
  return { text, own: `127.0.0.1:${under.server.port}` };
}

test("a back end gets its own Host where a filter says so, unless another one set it", async (t) => {
  const get = "GET /a HTTP/1.1\r\nHost: www.example.org\r\n\r\n";
  const plain = await sent(t, '* -> preserveHost("false") -> BACKEND', get);
  assert.deepEqual(fieldsOf(plain.text, "host"), [plain.own]);
  assert.deepEqual(fieldsOf(plain.text, "x-forwarded-host"), ["www.example.org"]);
  const undone = await sent(t, '* -> preserveHost("false") -> preserveHost("true") -> BACKEND', get);
  assert.deepEqual(fieldsOf(undone.text, "host"), ["www.example.org"]);
  const set = await sent(t, '* -> setRequestHeader("Host", "set.example.org") -> preserveHost("false") -> BACKEND', get);
  assert.deepEqual(fieldsOf(set.text, "host"), ["set.example.org"]);
});

test("a request without a Host gets one, and not two where a filter sets it", async (t) => {
  const old = "GET /a HTTP/1.0\r\n\r\n";
  const plain = await sent(t, "* -> BACKEND", old);
  assert.deepEqual(fieldsOf(plain.text, "host"), [plain.own]);
  const set = await sent(t, '* -> setRequestHeader("Host", "set.example.org") -> BACKEND', old);
  assert.deepEqual(fieldsOf(set.text, "host"), ["set.example.org"]);
  const own = await sent(t, '* -> preserveHost("false") -> BACKEND', old);
  assert.deepEqual(fieldsOf(own.text, "host"), [own.own]);
});

test("a back end that is a proxy gets the whole URL, and its host as Host", async (t) => {
  for (const [filters, request, line] of [
    ["", "GET /a?b=1 HTTP/1.1\r\nHost: www.example.org\r\n\r\n", "GET http://www.example.org/a?b=1 HTTP/1.1"],
    ["", "GET /a HTTP/1.1\r\nHost: www.example.org\r\nX-Forwarded-Proto: https\r\n\r\n", "GET https://www.example.org/a HTTP/1.1"],
    ["", "OPTIONS * HTTP/1.1\r\nHost: www.example.org\r\n\r\n", "OPTIONS http://www.example.org HTTP/1.1"],
    ['setPath("/b") -> ', "GET /a HTTP/1.1\r\nHost: www.example.org\r\n\r\n", "GET http://www.example.org/b HTTP/1.1"],
    [
      'setDynamicBackendUrl(BACKEND) -> preserveHost("false") -> ',
      "GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n",
      "GET http://www.example.org/ HTTP/1.1",
    ],
  ] as const) {
    const back = filters.includes("Dynamic") ? "<dynamic>" : "BACKEND";
    const { text } = await sent(t, `* -> ${filters}backendIsProxy() -> ${back}`, request);
    assert.equal(text.slice(0, text.indexOf("\r\n")), line);
    assert.deepEqual(fieldsOf(text, "host"), ["www.example.org"]);
  }
});

test("in HTTP/2 the parts of a whole URL are fields of their own", () => {
  const pseudo = (line: string): readonly string[] => requestFields(`${line} HTTP/1.1\r\nHost: a:1\r\n\r\n`, false).slice(2, 8);
  assert.deepEqual(pseudo("GET https://a:1/b?c"), [":scheme", "https", ":path", "/b?c", ":authority", "a:1"]);
  assert.deepEqual(pseudo("OPTIONS http://a:1"), [":scheme", "http", ":path", "*", ":authority", "a:1"]);
  assert.deepEqual(pseudo("OPTIONS *"), [":scheme", "http", ":path", "*", ":authority", "a:1"]);
  assert.deepEqual(pseudo("GET /b"), [":scheme", "http", ":path", "/b", ":authority", "a:1"]);
});
