import assert from "node:assert/strict";
import { test } from "node:test";
import type { AwsError } from "./aws-error.ts";
import { type SignedRequest, checkSignature, scopeOf } from "./signature.ts";

// The examples of AWS's Signature Version 4 test suite, published with its SDKs: one key, one moment, one scope.
const KEY = {
  id: "AKIDEXAMPLE",
  secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  principal: "arn:aws:iam::123456789012:user/example",
};
const NOW_MS = Date.parse("2015-08-30T12:36:00Z");
const HEADERS = { host: "example.amazonaws.com", "x-amz-date": "20150830T123600Z" };

function request(
  method: string,
  target: string,
  signature: string,
  {
    headers = {},
    body = "",
    service = "service",
    day = "20150830",
  }: { headers?: Record<string, string>; body?: string; service?: string; day?: string } = {},
): SignedRequest {
  const all: Record<string, string> = { ...HEADERS, ...headers };
  const names = Object.keys(all).sort().join(";");
  const authorization = `AWS4-HMAC-SHA256 Credential=${KEY.id}/${day}/us-east-1/${service}/aws4_request, SignedHeaders=${names}, Signature=${signature}`;
  return { method, target, headers: new Map(Object.entries({ ...all, authorization })), body: Buffer.from(body) };
}

const keyOf = (id: string): typeof KEY | undefined => (id === KEY.id ? KEY : undefined);
const codeOf = (signed: SignedRequest, nowMs = NOW_MS, keys: Parameters<typeof checkSignature>[1] = keyOf): string => {
  try {
    checkSignature(signed, keys, nowMs);
    return "signed";
  } catch (error) {
    return (error as AwsError).code;
  }
};

const VANILLA = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";

test("AWS's published examples of signatures are accepted", () => {
  const examples: readonly (readonly [string, SignedRequest])[] = [
    ["get-vanilla", request("GET", "/", VANILLA)],
    [
      "get-vanilla-query-order-key-case",
      request("GET", "/?Param2=value2&Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    ],
    ["post-vanilla", request("POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")],
    [
      "post-x-www-form-urlencoded",
      request("POST", "/", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a", {
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: "Param1=value1",
      }),
    ],
    [
      "the user guide's ListUsers",
      request("GET", "/?Action=ListUsers&Version=2010-05-08", "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7", {
        headers: { host: "iam.amazonaws.com", "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
        service: "iam",
      }),
    ],
  ];
  for (const [name, signed] of examples) assert.equal(codeOf(signed), "signed", name);
});

test("parameters are signed in order of their names, then of their values", () => {
  // Signed with botocore's SigV4Auth: as whole texts `a-b=` would stand before `a=`.
  assert.equal(codeOf(request("GET", "/?a=2&a-b=3&a=1", "72151f0188fc13445e4e29a33fc91f7f5ef4b95b9f64070373fe8ca899df9282")), "signed");
});

test("a signature is refused with another secret, body, method, path or header", () => {
  assert.equal(
    codeOf(request("GET", "/", VANILLA), NOW_MS, () => ({ ...KEY, secret: "another" })),
    "SignatureDoesNotMatch",
  );
  assert.equal(codeOf(request("GET", "/", VANILLA, { body: "x" })), "SignatureDoesNotMatch");
  assert.equal(codeOf(request("POST", "/", VANILLA)), "SignatureDoesNotMatch");
  assert.equal(codeOf(request("GET", "/other", VANILLA)), "SignatureDoesNotMatch");
  assert.equal(codeOf(request("GET", "/", VANILLA, { headers: { host: "other.amazonaws.com" } })), "SignatureDoesNotMatch");
});

test("a request without a signature, with half of one, or with an unknown key is refused by AWS's codes", () => {
  assert.equal(codeOf({ ...request("GET", "/", VANILLA), headers: new Map(Object.entries(HEADERS)) }), "MissingAuthenticationToken");
  assert.equal(codeOf(request("GET", "/", "5fa0")), "IncompleteSignature");
  assert.equal(
    codeOf(request("GET", "/", VANILLA), NOW_MS, () => undefined),
    "InvalidClientTokenId",
  );
});

test("a signature is good for five minutes in both directions", () => {
  const signed = request("GET", "/", VANILLA);
  assert.equal(codeOf(signed, NOW_MS + 300_000), "signed");
  assert.equal(codeOf(signed, NOW_MS - 300_000), "signed");
  assert.throws(
    () => checkSignature(signed, keyOf, NOW_MS + 301_000),
    /Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z/,
  );
  assert.throws(() => checkSignature(signed, keyOf, NOW_MS - 301_000), /Signature not yet current/);
  assert.equal(codeOf(request("GET", "/", VANILLA, { day: "20150829" })), "SignatureDoesNotMatch");
});

test("temporary keys need their session token and expire", () => {
  const temporary = { ...KEY, sessionToken: "token", expiresAtMs: NOW_MS + 1 };
  const token = { "x-amz-security-token": "token" };
  const signature = "74e6e438e6f4460297db2935c12e2d008496363238dc6820b0e964cae4f33903";
  assert.equal(
    codeOf(request("GET", "/", signature, { headers: token }), NOW_MS, () => temporary),
    "signed",
  );
  assert.equal(
    codeOf(request("GET", "/", signature, { headers: token }), NOW_MS + 1, () => temporary),
    "ExpiredToken",
  );
  assert.equal(
    codeOf(request("GET", "/", VANILLA), NOW_MS, () => temporary),
    "InvalidClientTokenId",
  );
  assert.equal(codeOf(request("GET", "/", signature, { headers: token })), "InvalidClientTokenId", "a long-lived key has no token");
});

test("the scope names the service before anything is proved", () => {
  assert.deepEqual(scopeOf(request("GET", "/", VANILLA).headers.get("authorization")), { region: "us-east-1", service: "service" });
  assert.equal(scopeOf("Basic abc"), undefined);
  assert.equal(scopeOf(undefined), undefined);
});
