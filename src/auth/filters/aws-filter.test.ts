import { deepEqual, equal, match, throws } from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { until } from "../../kernel/testing/until.ts";
import { type AuthProxy, startAuthProxy } from "../testing/auth-proxy.ts";
import { awsFilter } from "./aws-filter.ts";

const GIVEN = `setRequestHeader("X-Amz-Accesskey", "AKIDEXAMPLE") -> setRequestHeader("X-Amz-Secret", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")`;
const KEYS = `${GIVEN} -> setRequestHeader("X-Amz-Time", "2015-08-30T14:36:00+02:00")`;

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of several pieces: in chunks. */
  readonly body?: string | readonly string[];
}

async function send({ port }: AuthProxy, path: string, { method = "POST", headers = {}, body = "" }: Sent = {}): Promise<number> {
  const outgoing = request({ host: "127.0.0.1", port, path, method, agent: false, headers: { Host: "shop.example", ...headers } });
  outgoing.on("error", () => undefined);
  if (typeof body !== "string") for (const piece of body) outgoing.write(piece);
  outgoing.end(typeof body === "string" ? body : undefined);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  await text(response);
  return response.statusCode ?? 0;
}

/** What botocore 1.44.5 signs for the same requests, with the same keys at the same time. */
const CASES: readonly {
  readonly filter: string;
  readonly path: string;
  readonly sent: Sent;
  readonly query?: string;
  readonly signed: string;
  readonly signature: string;
}[] = [
  {
    filter: 'awsSigv4("service", "us-east-1", "false", "false", "true")',
    path: "/",
    sent: { method: "GET" },
    signed: "host;x-amz-date",
    signature: "59fd7e45981bbad28d237d44b6fe14eed75ba30e924ffb7ab805db98975202d3",
  },
  {
    filter: 'setRequestHeader("X-Amz-Session", "a+token/of=a session") -> awsSigv4("dynamodb", "us-east-1", "0", "0", "0")',
    path: "/",
    sent: {
      headers: { "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.ListTables" },
      body: '{"Limit":1}',
    },
    signed: "content-type;host;x-amz-date;x-amz-security-token;x-amz-target",
    signature: "31344877c468e6dfe8006b384fe3b2c345689ad9f2c52946d2586065e121ba26",
  },
  {
    filter: 'awsSigv4("lambda", "eu-central-1", "false", "false", "true")',
    path: "/2015-03-31/functions/arn%3Aaws%3Alambda/invo%20cations?b=2&a=x+y&a=%2F~&c",
    sent: { headers: { "Content-Type": "text/plain;  charset=utf-8" }, body: ["grö", "ßer"] },
    query: "a=%2F~&a=x%20y&b=2&c=",
    signed: "content-type;host;x-amz-date",
    signature: "31128e77920b505bbf55025786595275016aaf0a0c3e5a0ee94ce8b63af1d5ba",
  },
  {
    filter: 'awsSigv4("s3", "us-east-1", "false", "true", "true")',
    path: "/bucket/a%20b%2Bc.txt?tagging",
    sent: { method: "PUT", headers: { "Content-Type": "text/plain" }, body: "hello" },
    query: "tagging=",
    signed: "content-type;host;x-amz-content-sha256;x-amz-date",
    signature: "206925ad2cc80a7411e95f7246a5553d03d89c946d69f71913401397cb911344",
  },
];

test("requests are signed as AWS's own library signs them, and sent as they are signed", async (t) => {
  for (const { filter, path, sent, query = "", signed, signature } of CASES) {
    const proxy = await startAuthProxy(t, `* -> ${KEYS} -> ${filter} -> BACKEND`);
    equal(await send(proxy, path, { ...sent, headers: { Authorization: "Basic abc", ...sent.headers } }), 200, filter);
    const [seen] = proxy.backend.seen;
    const { authorization = "", ...headers } = seen?.headers ?? {};
    match(authorization, /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20150830\//);
    equal(/SignedHeaders=([^,]*)/.exec(authorization)?.[1], signed);
    equal(/Signature=(.*)/.exec(authorization)?.[1], signature, filter);
    match(headers.host ?? "", /^\w+\.\w+-\w+-1\.amazonaws\.com$/);
    equal(seen?.path, path.replace(/\?.*/, query === "" ? "" : `?${query}`));
    equal(seen?.body, [sent.body ?? ""].flat().join(""));
    deepEqual(
      Object.keys(headers).filter((name) => /^x-amz-(?:accesskey|secret|session|time)$/.test(name)),
      [],
    );
  }
});

test("a request is signed for now where nobody says another time", async (t) => {
  const proxy = await startAuthProxy(t, `* -> ${GIVEN} -> awsSigv4("sqs", "us-east-1", "false", "false", "true") -> BACKEND`);
  const beforeMs = Date.now();
  equal(await send(proxy, "/", { body: "x" }), 200);
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(proxy.backend.seen[0]?.headers["x-amz-date"])) ?? [];
  const signedMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  equal(signedMs >= beforeMs - 1_000 && signedMs <= Date.now(), true);
});

test("what cannot be signed is not sent, and its keys neither", async (t) => {
  const sigv4 = (session: string): string => `awsSigv4("sqs", "us-east-1", "false", "false", "${session}")`;
  for (const filters of [
    sigv4("true"),
    `setRequestHeader("X-Amz-Accesskey", "A") -> ${sigv4("true")}`,
    `${KEYS} -> ${sigv4("false")}`,
    `${KEYS} -> setRequestHeader("X-Amz-Time", "yesterday") -> ${sigv4("true")}`,
    `sedRequest("a", "b") -> ${KEYS} -> ${sigv4("true")}`,
  ]) {
    const proxy = await startAuthProxy(t, `* -> ${filters} -> BACKEND`);
    equal(await send(proxy, "/", { body: "abc" }), 503, filters);
    equal(proxy.backend.seen.length, 0);
    equal(proxy.logged.join().includes("wJalrXUtn"), false);
  }
});

test("a body that is too long to be held is refused, whether its length is said or not; the longest one is sent", async (t) => {
  const proxy = await startAuthProxy(t, `* -> ${KEYS} -> awsSigv4("sqs", "us-east-1", "false", "false", "true") -> BACKEND`);
  const most = "x".repeat(4_194_304);
  equal(await send(proxy, "/", { body: `${most}x` }), 413);
  equal(await send(proxy, "/", { body: [most, "x"] }), 413);
  equal(proxy.backend.seen.length, 0);
  equal(await send(proxy, "/", { body: most }), 200);
  equal(proxy.backend.seen[0]?.body.length, most.length);
});

test("copies and streams of filters behind it get the body, too", async (t) => {
  const proxy = await startAuthProxy(
    t,
    `* -> ${KEYS} -> awsSigv4("sqs", "us-east-1", "false", "false", "true") -> tee(BACKEND) -> sedRequest("a", "b") -> BACKEND`,
  );
  equal(await send(proxy, "/", { body: ["aa", "ca"] }), 200);
  const bodies = (): readonly string[] => proxy.backend.seen.map((seen) => seen.body).toSorted();
  await until("the copy is there, too", () => bodies().length === 2, 30_000);
  deepEqual(bodies(), ["aaca", "bbcb"]);
});

test("arguments in the wrong order, and such as mean nothing, are refused", () => {
  for (const args of [
    ["us-east-1", "dynamodb", "false", "false", "false"],
    ["dynamodb", "us-east-1", "no", "false", "false"],
    ["dynamodb", "us-east-1", "false", "false"],
    ["evil.example/", "us-east-1", "false", "false", "false"],
  ])
    throws(() => awsFilter.create(args), { code: "ROUTE_ARGUMENT" }, args.join());
});
