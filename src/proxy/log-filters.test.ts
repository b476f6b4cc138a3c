import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { parseEskip } from "../route/index.ts";
import { problemOf } from "../route/testing/calls.ts";
import type { ProxyOptionsInput } from "./index.ts";
import { startProxy } from "./testing/proxy-under-test.ts";

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: session=s3cret\r\nX-Note: caf\u00c3\u00a9\r\n\r\nworld";
const CLAIMS = Buffer.from(JSON.stringify({ sub: "me@example.org", azp: "shop\n", n: 7 })).toString("base64url");

interface Logged {
  /** Posts this body; returns what the client got and the back end was sent. */
  post(body: string, fields?: string): Promise<{ readonly got: string; readonly sent: string }>;
  /** Sends a request that comes to no back end. */
  postInVain(body: string): Promise<string>;
  /** Ends the proxy; what filters have logged, and the access log. */
  lines(): Promise<{ readonly filters: readonly Record<string, unknown>[]; readonly access: readonly Record<string, unknown>[] }>;
}

async function logged(t: TestContext, filters: string, options: ProxyOptionsInput = {}, answer = ANSWER): Promise<Logged> {
  const under = await startProxy({ accessLog: { format: "json" }, ...options });
  t.after(() => under.close());
  under.routes(parseEskip(`all: * -> ${filters} -> "http://127.0.0.1:${under.server.port}"`, "test").routes);
  const parsed = (line: string): Record<string, unknown> => JSON.parse(line) as Record<string, unknown>;
  return {
    async post(body, fields = "") {
      const client = under.client().send(postText(body, fields));
      const { text: sent, connection } = await under.server.request(body.length);
      connection.send(answer);
      return { got: await client.ended(), sent };
    },
    postInVain: (body) => under.exchange(postText(body, "")),
    async lines() {
      await under.proxy.close({ timeoutMs: 0 });
      return { filters: under.filterLines.map(parsed), access: under.logLines.map(parsed) };
    },
  };
}

function postText(body: string, fields: string): string {
  return `POST /a?key=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`;
}

test("logHeader says the fields of both messages, and nothing that lets somebody in", async (t) => {
  const { post, lines } = await logged(t, 'logHeader("request", "Response")');
  await post("hello", "Authorization: Bearer s3cret\r\nCookie: a=s3cret\r\nX-Api-Key: s3cret\r\nX-Plain: caf\u00c3\u00a9\r\n");
  const { filters } = await lines();
  equal(filters.length, 2);
  const [request = {}, response = {}] = filters;
  const { level, name, route, msg, message, method, path } = request;
  deepEqual([level, name, route, msg, message, method, path], [30, "filter", "all", "logHeader", "request", "POST", "/a"]);
  const fields = request["fields"] as string[];
  for (const field of ["Host: a", "Authorization: ***", "Cookie: ***", "X-Api-Key: ***", "X-Plain: caf\u00e9"])
    ok(fields.includes(field), field);
  deepEqual([response["message"], response["status"]], ["response", 200]);
  ok((response["fields"] as string[]).includes("Set-Cookie: ***"));
  ok((response["fields"] as string[]).includes("X-Note: caf\u00e9"));
  doesNotMatch(JSON.stringify(filters), /s3cret|key=1/);
});

test("logHeader alone is about the request", async (t) => {
  const { post, lines } = await logged(t, "logHeader()");
  await post("hello");
  deepEqual(
    (await lines()).filters.map(({ message }) => message),
    ["request"],
  );
});

test("logBody shows the beginning of a body and changes nothing of what is sent", async (t) => {
  const { post, lines } = await logged(t, 'logBody("request", 3) -> logBody("response", 100)');
  const { got, sent } = await post("hello", "X-Flow-Id: f1\r\n");
  match(sent, /\r\nContent-Length: 5\r\n(?:[^]*\r\n)?\r\nhello$/);
  match(got, /\r\nContent-Length: 5\r\n(?:[^]*\r\n)?\r\nworld$/);
  deepEqual(
    (await lines()).filters.map(({ msg, message, flowId, body }) => [msg, message, flowId, body]),
    [
      ["logBody", "request", "f1", "hel"],
      ["logBody", "response", "f1", "world"],
    ],
  );
});

test("a long body is logged in pieces, up to the limit, and comes whole", async (t) => {
  const body = "0123456789".repeat(20_000);
  const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const { post, lines } = await logged(t, 'logBody("request", 2500) -> logBody("response", 150000)', {}, answer);
  const { got, sent } = await post(body);
  ok(sent.endsWith(`\r\n\r\n${body}`));
  ok(got.endsWith(`\r\n\r\n${body}`));
  const { filters } = await lines();
  for (const [side, limit] of [
    ["request", 2_500],
    ["response", 150_000],
  ] as const) {
    const pieces = filters.filter(({ message }) => message === side).map((line) => String(line["body"]));
    equal(pieces.join(""), body.slice(0, limit));
    ok(pieces.every(({ length }) => length <= 1_024));
  }
});

test("logBody sees what other filters give in place of a body, what is held up, and what passes streams", async (t) => {
  const { post, lines } = await logged(t, 'logBody("response", 100) -> latency("5ms") -> sed("world", "all")');
  const { got } = await post("x");
  match(got, /all/);
  const own = await logged(t, 'logBody("response", 100) -> inlineContent("instead")');
  match(await own.postInVain("x"), /instead$/);
  deepEqual(
    [...(await lines()).filters, ...(await own.lines()).filters].map(({ body }) => body),
    ["world", "instead"],
  );
});

test("auditLog says who asked for what, what came of it, and the first bytes of the body", async (t) => {
  const { post, lines } = await logged(t, "auditLog()", { limits: { auditBodyBytes: 4 } });
  const { sent } = await post("hello", "Authorization: Bearer s3cret\r\n");
  match(sent, /\r\n\r\nhello$/);
  await post("");
  const { filters } = await lines();
  deepEqual(
    filters.map(({ msg, method, path, status, requestBody }) => [msg, method, path, status, requestBody]),
    [
      ["auditLog", "POST", "/a", 200, "hell"],
      ["auditLog", "POST", "/a", 200, undefined],
    ],
  );
  doesNotMatch(JSON.stringify(filters), /s3cret|authStatus/);
});

test("auditLog without room for a body logs none", async (t) => {
  const { post, lines } = await logged(t, "auditLog()", { limits: { auditBodyBytes: 0 } });
  await post("hello");
  const [line] = (await lines()).filters;
  ok(line !== undefined && !("requestBody" in line));
});

test("auditLog logs what no back end answers, with the status that the client got", async (t) => {
  const { postInVain, lines } = await logged(t, 'auditLog() -> backendLatency("20s")', { timeouts: { filterMs: 20 } });
  await postInVain("hello");
  deepEqual(
    (await lines()).filters.map(({ status }) => status),
    [504],
  );
});

test("unverifiedAuditLog tells the back end and the access log who a token says it is of", async (t) => {
  const { post, lines } = await logged(t, 'unverifiedAuditLog("none", "n", "sub")');
  const { sent } = await post("", `Authorization: Bearer e30.${CLAIMS}.x\r\nX-Unverified-Audit: forged\r\n`);
  match(sent, /\r\nX-Unverified-Audit: me@example\.org\r\n/);
  doesNotMatch(sent, /forged/);
  const without = await post("", "X-Unverified-Audit: forged\r\n");
  doesNotMatch(without.sent, /X-Unverified-Audit/i);
  deepEqual(
    (await lines()).access.map(({ audit }) => audit),
    ["me@example.org", undefined],
  );
});

test("unverifiedAuditLog does not pass on a claim of other characters", async (t) => {
  const { post } = await logged(t, 'unverifiedAuditLog("azp")');
  match((await post("", `Authorization: Bearer e30.${CLAIMS}.x\r\n`)).sent, /\r\nX-Unverified-Audit: <invalid-sub>\r\n/);
});

test("arguments that are no message are refused", () => {
  match(problemOf('logHeader("body")'), /"request" or "response"/);
  match(problemOf('logBody("both", 1)'), /"request" or "response"/);
  match(problemOf('logBody("request")'), /expected \(message, limit\)/);
  match(problemOf('logBody("request", 2000000)'), /between 0 and 1048576/);
});
