import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BodyFraming,
  Framing,
  HeadParser,
  type MessageHead,
  RequestTarget,
  type WireFault,
  connectionNames,
  connectionOptions,
  copyFields,
  defaultHeadLimits,
  HOP_BY_HOP,
  listFields,
  parseContentLength,
} from "./index.ts";

function head(text: string, kind: "request" | "response" = "request"): MessageHead {
  const parser = new HeadParser(kind, defaultHeadLimits);
  const buffer = Buffer.from(text, "latin1");
  assert.equal(parser.push(buffer, 0, buffer.length), buffer.length, parser.fault ?? "not whole");
  return parser.head;
}

function framed(text: string, method?: string): readonly [Framing, number] | WireFault | undefined {
  const framing = new BodyFraming();
  const isFine = method === undefined ? framing.ofRequest(head(text)) : framing.ofResponse(head(text, "response"), method);
  const { framing: kind, lengthBytes, fault } = framing;
  return isFine ? [kind, lengthBytes] : fault;
}

test("the framing of a request is the one RFC 9112 section 6.3 gives, or none at all", () => {
  const cases: readonly (readonly [string, string, ReturnType<typeof framed>])[] = [
    ["1.1", "", [Framing.none, 0]],
    ["1.1", "Content-Length: 0\r\n", [Framing.length, 0]],
    ["1.1", "Content-Length: 9007199254740991\r\n", [Framing.length, 9_007_199_254_740_991]],
    ["1.1", "Content-Length: 9007199254740992\r\n", "WIRE_CONTENT_LENGTH"],
    ["1.1", "Content-Length: \r\n", "WIRE_CONTENT_LENGTH"],
    ["1.1", "Content-Length: 1 2\r\n", "WIRE_CONTENT_LENGTH"],
    ["1.1", "Content-Length: 0x1\r\n", "WIRE_CONTENT_LENGTH"],
    ["1.1", "Content-Length: 1\r\nContent-length: 1\r\n", "WIRE_CONTENT_LENGTH"],
    ["1.1", "Transfer-Encoding: Chunked\r\n", [Framing.chunked, 0]],
    ["1.1", "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", "WIRE_LENGTH_AND_CODING"],
    ["1.0", "Transfer-Encoding: chunked\r\n", "WIRE_CODING_IN_HTTP10"],
    ["1.1", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "WIRE_CODING_REPEATED"],
    ["1.1", "Transfer-Encoding: chunked, chunked\r\n", "WIRE_CODING_UNSUPPORTED"],
    ["1.1", "Transfer-Encoding: \r\n", "WIRE_CODING_UNSUPPORTED"],
    ["1.1", "Transfer-Encoding: identity\r\n", "WIRE_CODING_UNSUPPORTED"],
    ["1.1", "Content_Length: 1\r\n", "WIRE_FRAMING_LOOKALIKE"],
    ["1.1", "transfer_Encoding: chunked\r\nContent-Length: 1\r\n", "WIRE_FRAMING_LOOKALIKE"],
  ];
  for (const [version, fields, expected] of cases) {
    assert.deepEqual(framed(`POST / HTTP/${version}\r\n${fields}\r\n`), expected, fields);
  }
});

test("the framing of a response depends on its status and the method it answers", () => {
  assert.deepEqual(framed("HTTP/1.1 200 OK\r\n\r\n", "GET"), [Framing.untilClose, 0]);
  assert.deepEqual(framed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "GET"), [Framing.length, 5]);
  assert.deepEqual(framed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD"), [Framing.none, 0]);
  for (const status of [100, 103, 204, 304])
    assert.deepEqual(framed(`HTTP/1.1 ${status} X\r\nContent-Length: 5\r\n\r\n`, "GET"), [Framing.none, 0]);
  assert.deepEqual(framed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "GET"), [Framing.chunked, 0]);
  assert.deepEqual(framed("HTTP/1.1 304 X\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "GET"), "WIRE_CONTENT_LENGTH");
  assert.deepEqual(framed("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "GET"), "WIRE_CODING_IN_HTTP10");
});

test("Content-Length is digits only", () => {
  for (const bad of ["", "+1", "-1", " 1", "1 ", "1,1", "1e3", "1.0", "\u0661", "99999999999999999"])
    assert.equal(parseContentLength(bad), -1, bad);
  for (const good of ["0", "7", "000000000007", "9007199254740991"]) assert.equal(parseContentLength(good), Number(good));
});

test("target and Host say one thing: the forms of section 3.2, each with the methods it goes with", () => {
  const read = (method: string, target: string, fields: string, version = "1.1"): string | undefined => {
    const requestTarget = new RequestTarget();
    const isFine = requestTarget.read(head(`${method} ${target} HTTP/${version}\r\n${fields}\r\n`));
    return isFine ? `${requestTarget.authority} ${requestTarget.originForm}` : requestTarget.fault;
  };
  const cases: readonly (readonly [string, string, string, string])[] = [
    ["GET", "/x?y", "Host: a\r\n", "a /x?y"],
    ["GET", "//x", "Host: a:1\r\n", "a:1 //x"],
    ["GET", "/", "Host: [::1]:80\r\n", "[::1]:80 /"],
    ["GET", "http://b", "Host: B\r\n", "b /"],
    ["GET", "HTTPS://b:1/x?y", "Host: b:1\r\n", "b:1 /x?y"],
    ["GET", "http://b?y", "Host: b\r\n", "b /?y"],
    ["OPTIONS", "*", "Host: a\r\n", "a *"],
    ["GET", "*", "Host: a\r\n", "WIRE_TARGET_FORM"],
    ["GET", "a", "Host: a\r\n", "WIRE_TARGET_FORM"],
    ["GET", "a:80", "Host: a\r\n", "WIRE_TARGET_FORM"],
    ["GET", "ftp://a/", "Host: a\r\n", "WIRE_TARGET_FORM"],
    ["GET", "http:///x", "Host: a\r\n", "WIRE_TARGET_FORM"],
    ["GET", "http://u@a/", "Host: a\r\n", "WIRE_TARGET_FORM"],
    ["GET", "http://b/", "Host: a\r\n", "WIRE_HOST"],
    ["CONNECT", "a:80", "Host: a:80\r\n", "a:80 a:80"],
    ["CONNECT", "/", "Host: a\r\n", "WIRE_TARGET_FORM"],
    ["CONNECT", "a", "Host: a\r\n", "WIRE_TARGET_FORM"],
    ["GET", "/", "", "WIRE_HOST"],
    ["GET", "/", "Host: a\r\nHost: a\r\n", "WIRE_HOST"],
    ["GET", "/", "Host:\r\n", "WIRE_HOST"],
    ["GET", "/", "Host: a/b\r\n", "WIRE_HOST"],
    ["GET", "/", "Host: a,b\r\n", "WIRE_HOST"],
    ["GET", "/", "Host: a:\r\n", "WIRE_HOST"],
    ["GET", "/", "Host: a:65536\r\n", "WIRE_HOST"],
    ["GET", "/", "Host: a%41\r\n", "WIRE_HOST"],
    ["GET", "/", "Host: \xe9\r\n", "WIRE_HOST"],
  ];
  for (const [method, target, fields, expected] of cases)
    assert.equal(read(method, target, fields), expected, `${method} ${target} ${fields}`);
  assert.equal(read("GET", "/", "", "1.0"), " /");
});

test("fields are copied as they came, without those that are left out, and odd white space is not", () => {
  const parser = head("GET / HTTP/1.1\r\nA: 1\r\nConnection: close, X-Gone\r\nB:2\r\nC: 3 \r\nX-Gone: 4\r\nKeep-Alive: 5\r\nD: 6\r\n\r\n");
  const names = connectionNames(connectionOptions(parser));
  assert.deepEqual(names, ["x-gone"]);
  assert.equal(copyFields(parser, HOP_BY_HOP, names), "A: 1\r\nB: 2\r\nC: 3\r\nD: 6\r\n");
  assert.deepEqual(listFields(parser, HOP_BY_HOP, names), ["A", "1", "B", "2", "C", "3", "D", "6"]);
  const plain = head("GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\n\r\n");
  assert.equal(copyFields(plain, HOP_BY_HOP, []), "A: 1\r\nB: 2\r\n");
  assert.equal(copyFields(head("GET / HTTP/1.1\r\n\r\n"), 0, []), "");
});
