import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { FAULTY, FieldId, HeadParser, NEEDS_MORE, type WireFault, defaultHeadLimits } from "./index.ts";

interface Parsed {
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly reason: string;
  readonly minorVersion: number;
  readonly fields: readonly string[];
  readonly used: number;
}

function read(
  kind: "request" | "response" | "trailer",
  pieces: readonly string[],
  parser = new HeadParser(kind, defaultHeadLimits),
): Parsed | WireFault | "more" {
  let used = 0;
  for (const piece of pieces) {
    // The head stands inside a larger buffer that is wiped behind the call, as a read buffer is.
    const buffer = Buffer.from(`zz${piece}zz`, "latin1");
    const end = parser.push(buffer, 2, 2 + piece.length);
    buffer.fill(0);
    if (end === FAULTY) return parser.fault ?? "WIRE_START_LINE";
    if (end !== NEEDS_MORE) {
      const fields: string[] = [];
      for (let index = 0; index < parser.head.fieldCount; index++) fields.push(parser.head.nameAt(index), parser.head.valueAt(index));
      const { method, target, status, reason, minorVersion } = parser.head;
      return { method, target, status, reason, minorVersion, fields, used: used + end - 2 };
    }
    used += piece.length;
  }
  return "more";
}

const REQUEST =
  "POST /a?b=%20c HTTP/1.1\r\nHost: example.org\r\nX-Empty:\r\nX-Pad: \t padded \t\r\nX-High: \xe9\xff\r\nContent-Length: 3\r\n\r\n";
const RESPONSE = "HTTP/1.0 404 Not  Found!\r\nServer: x\r\nX-Empty: \r\n\r\n";

test("a head reads the same however it is cut into pieces, and nothing behind it is touched", () => {
  for (const [kind, text] of [
    ["request", REQUEST],
    ["response", RESPONSE],
    ["request", `\r\n${REQUEST}`],
  ] as const) {
    const whole = read(kind, [`${text}abc`]);
    assert.ok(typeof whole === "object");
    assert.equal(whole.used, text.length);
    for (let first = 0; first <= text.length; first++) {
      assert.deepEqual(read(kind, [text.slice(0, first), `${text.slice(first)}abc`]), whole);
      if (first < text.length) assert.equal(read(kind, [text.slice(0, first)]), "more", `prefix of ${first}`);
      for (let second = first; second <= text.length; second += 7) {
        assert.deepEqual(read(kind, [text.slice(0, first), text.slice(first, second), text.slice(second)]), whole);
      }
    }
    assert.deepEqual(read(kind, text.split("")), whole);
  }
});

test("the parts of a head are what was sent, white space around values aside", () => {
  assert.deepEqual(read("request", [REQUEST]), {
    method: "POST",
    target: "/a?b=%20c",
    status: 0,
    reason: "",
    minorVersion: 1,
    fields: ["Host", "example.org", "X-Empty", "", "X-Pad", "padded", "X-High", "\xe9\xff", "Content-Length", "3"],
    used: REQUEST.length,
  });
  const response = read("response", [RESPONSE]);
  assert.ok(typeof response === "object");
  assert.deepEqual([response.status, response.reason, response.minorVersion], [404, "Not  Found!", 0]);
  assert.deepEqual(read("trailer", ["A: b\r\n\r\n"]), { ...(read("trailer", ["A: b\r\n\r\n"]) as Parsed), fields: ["A", "b"], used: 8 });
});

test("one parser reads head after head, and knows the fields the engine needs", () => {
  const parser = new HeadParser("request", defaultHeadLimits);
  const heads = [
    "GET / HTTP/1.1\r\nhOST: a\r\nContent-Length: 1\r\ncontent-length: 2\r\n\r\n",
    "PUT /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
  ];
  for (let round = 0; round < 3; round++) {
    read("request", [heads[0] as string], parser);
    assert.equal(parser.head.present, FieldId.host | FieldId.contentLength);
    assert.equal(parser.head.repeated, FieldId.contentLength);
    assert.equal(parser.head.valueOf(FieldId.contentLength), "1");
    parser.reset();
    read("request", [heads[1] as string], parser);
    assert.equal(parser.head.present, FieldId.transferEncoding);
    assert.equal(parser.head.repeated, 0);
    parser.reset();
  }
});

test("what is not the grammar is refused with its own reason, at every cut", () => {
  const cases: readonly (readonly ["request" | "response" | "trailer", string, WireFault])[] = [
    ["request", "GET / HTTP/1.1\nHost: a\r\n\r\n", "WIRE_LINE_ENDING"],
    ["request", "GET / HTTP/1.1\rX", "WIRE_LINE_ENDING"],
    ["request", "GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", "WIRE_LINE_ENDING"],
    ["request", "GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n", "WIRE_LINE_ENDING"],
    ["request", "GET / HTTP/1.1\r\n\rX", "WIRE_LINE_ENDING"],
    ["request", "\r\n\r\nGET / HTTP/1.1\r\n\r\n", "WIRE_START_LINE"],
    ["request", "\nGET / HTTP/1.1\r\n\r\n", "WIRE_LINE_ENDING"],
    ["request", "\rGET / HTTP/1.1\r\n\r\n", "WIRE_LINE_ENDING"],
    ["request", "GET  / HTTP/1.1\r\n\r\n", "WIRE_START_LINE"],
    ["request", "GET /  HTTP/1.1\r\n\r\n", "WIRE_VERSION"],
    ["request", " GET / HTTP/1.1\r\n\r\n", "WIRE_METHOD"],
    ["request", "GET\t/ HTTP/1.1\r\n\r\n", "WIRE_METHOD"],
    ["request", "GET /\x80 HTTP/1.1\r\n\r\n", "WIRE_TARGET"],
    ["request", "GET /#x HTTP/1.1\r\n\r\n", "WIRE_TARGET"],
    ["request", "GET /\r\n\r\n", "WIRE_START_LINE"],
    ["request", "GET\r\n\r\n", "WIRE_START_LINE"],
    ["request", "GET / HTTP/1.2\r\n\r\n", "WIRE_VERSION_UNSUPPORTED"],
    ["request", "GET / HTTP/3.0\r\n\r\n", "WIRE_VERSION_UNSUPPORTED"],
    ["request", "GET / http/1.1\r\n\r\n", "WIRE_VERSION"],
    ["request", "GET / HTTP/1.1x\r\n\r\n", "WIRE_VERSION"],
    ["request", "GET / HTTP/11\r\n\r\n", "WIRE_VERSION"],
    ["request", "GET /\x00 HTTP/1.1\r\n\r\n", "WIRE_START_LINE"],
    ["request", "GET / HTTP/1.1\r\nA : b\r\n\r\n", "WIRE_FIELD_NAME"],
    ["request", "GET / HTTP/1.1\r\n: b\r\n\r\n", "WIRE_FIELD_NAME"],
    ["request", "GET / HTTP/1.1\r\nA\r\n\r\n", "WIRE_FIELD_NAME"],
    ["request", "GET / HTTP/1.1\r\nA(b): c\r\n\r\n", "WIRE_FIELD_NAME"],
    ["request", "GET / HTTP/1.1\r\nA\xe9: c\r\n\r\n", "WIRE_FIELD_NAME"],
    ["request", "GET / HTTP/1.1\r\n A: b\r\n\r\n", "WIRE_OBS_FOLD"],
    ["request", "GET / HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n", "WIRE_OBS_FOLD"],
    ["request", "GET / HTTP/1.1\r\nA: b\x00\r\n\r\n", "WIRE_FIELD_VALUE"],
    ["request", "GET / HTTP/1.1\r\nA: \x7f\r\n\r\n", "WIRE_FIELD_VALUE"],
    ["response", "HTTP/1.1 20 OK\r\n\r\n", "WIRE_STATUS"],
    ["response", "HTTP/1.1 2000 OK\r\n\r\n", "WIRE_STATUS"],
    ["response", "HTTP/1.1 099 No\r\n\r\n", "WIRE_STATUS"],
    ["response", "HTTP/1.1 600 No\r\n\r\n", "WIRE_STATUS"],
    ["response", "HTTP/1.1  200 OK\r\n\r\n", "WIRE_STATUS"],
    ["response", "HTTP/1.1 20\r\n\r\n", "WIRE_START_LINE"],
    ["response", "HTTP/2.0 200 OK\r\n\r\n", "WIRE_VERSION_UNSUPPORTED"],
    ["response", "HTTP/1.1 200 OK\nA: b\n\n", "WIRE_LINE_ENDING"],
    ["trailer", "A : b\r\n\r\n", "WIRE_FIELD_NAME"],
  ];
  for (const [kind, text, fault] of cases) {
    for (let cut = 0; cut <= text.length; cut++) {
      assert.equal(read(kind, [text.slice(0, cut), text.slice(cut)]), fault, JSON.stringify([text, cut]));
    }
  }
});

test("each limit passes its value and refuses one more, also before the end has come", () => {
  const limits = { startLineBytes: 30, fieldLineBytes: 20, fieldLines: 3, headBytes: 90 };
  const cases: readonly (readonly [(size: number) => string, number, WireFault])[] = [
    [(size) => `GET /${"a".repeat(size - 14)} HTTP/1.1\r\n\r\n`, 30, "WIRE_START_LINE_TOO_LONG"],
    [(size) => `GET / HTTP/1.1\r\nA: ${"b".repeat(size - 3)}\r\n\r\n`, 20, "WIRE_FIELD_LINE_TOO_LONG"],
    [(size) => `GET / HTTP/1.1\r\n${"A".repeat(size - 2)}: \r\n\r\n`, 20, "WIRE_FIELD_LINE_TOO_LONG"],
    [(size) => `GET / HTTP/1.1\r\n${"A:\r\n".repeat(size)}\r\n`, 3, "WIRE_TOO_MANY_FIELDS"],
    [(size) => `GET /${"a".repeat(size - 14 - 2 - 68)} HTTP/1.1\r\n${`A: ${"b".repeat(17)}\r\n`.repeat(3)}\r\n`, 90, "WIRE_HEAD_TOO_LARGE"],
  ];
  for (const [make, limit, fault] of cases) {
    for (const size of [limit - 1, limit]) {
      assert.equal(typeof read("request", [make(size)], new HeadParser("request", limits)), "object", `${fault} at ${size}`);
      assert.equal(typeof read("request", make(size).split(""), new HeadParser("request", limits)), "object");
    }
    assert.equal(read("request", [make(limit + 1)], new HeadParser("request", limits)), fault);
    assert.equal(read("request", make(limit + 1).split(""), new HeadParser("request", limits)), fault);
  }
  assert.equal(read("request", [`GET /${"a".repeat(60)}`], new HeadParser("request", limits)), "WIRE_START_LINE_TOO_LONG");
  assert.equal(read("request", [`GET / HTTP/1.1\r\nA: ${"b".repeat(60)}`], new HeadParser("request", limits)), "WIRE_FIELD_LINE_TOO_LONG");
});

test("any head made by the grammar is read back, at any cut", () => {
  const token = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,12}$/);
  const value = fc.stringMatching(/^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]{0,20}[\x21-\x7e\x80-\xff])?)?$/);
  const space = fc.stringMatching(/^[ \t]{0,3}$/);
  fc.assert(
    fc.property(
      token,
      fc.stringMatching(/^\/[!-"$-~]{0,30}$/),
      fc.array(fc.tuple(token, space, value, space), { maxLength: 30 }),
      fc.array(fc.nat(900), { maxLength: 5 }),
      (method, target, fields, cuts) => {
        const text = `${method} ${target} HTTP/1.1\r\n${fields.map(([name, before, content, after]) => `${name}:${before}${content}${after}\r\n`).join("")}\r\n`;
        const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)).toSorted((a, b) => a - b), text.length];
        const pieces = places.slice(1).map((place, at) => text.slice(places[at], place));
        const parsed = read("request", pieces);
        assert.ok(typeof parsed === "object", JSON.stringify([text, parsed]));
        assert.deepEqual(
          parsed.fields,
          fields.flatMap(([name, , content]) => [name, content]),
        );
        assert.deepEqual([parsed.method, parsed.target, parsed.used], [method, target, text.length]);
      },
    ),
    { numRuns: 300 },
  );
});
