import { equal } from "node:assert/strict";
import { test } from "node:test";
import { canonicalPath, canonicalQuery, encodedTwice, sha256, signAws } from "./aws-signature.ts";

const KEYS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const AT_MS = Date.UTC(2015, 7, 30, 12, 36);
const DATE = ["X-Amz-Date", "20150830T123600Z"];

test("requests of AWS's own examples are signed as AWS signs them", () => {
  const common = { method: "GET", path: "/", payloadSha256: sha256(""), atMs: AT_MS };
  const vanilla = { ...common, query: "", fields: ["Host", "example.amazonaws.com", ...DATE] };
  equal(
    signAws({ ...KEYS, service: "service", region: "us-east-1" }, vanilla),
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
  );
  const type = ["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"];
  const users = { ...common, query: "Action=ListUsers&Version=2010-05-08", fields: ["Host", "iam.amazonaws.com", ...type, ...DATE] };
  equal(
    signAws({ ...KEYS, service: "iam", region: "us-east-1" }, users).slice(-64),
    "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
  );
});

test("queries and paths have one form, in which they mean the same", () => {
  for (const [query, canonical] of [
    ["", ""],
    ["b=2&a=x+y&a=%2F~&c", "a=%2F~&a=x%20y&b=2&c="],
    ["A=1&a=1&%41=0", "A=0&A=1&a=1"],
    ["a=!'()*", "a=%21%27%28%29%2A"],
    ["a=%zz", "a=%25zz"],
    ["a-=1&a=2", "a=2&a-=1"],
    ["a=%C3%BC&a=%E2%82%AC", "a=%C3%BC&a=%E2%82%AC"],
  ] as const)
    equal(canonicalQuery(query), canonical, query);
  equal(canonicalPath("/a%20b/c:d/%2f~e(%2B)"), "/a%20b/c%3Ad/%2F~e%28%2B%29");
  equal(canonicalPath("/%FF"), "/%FF");
  equal(encodedTwice("/a%20b/~e"), "/a%2520b/~e");
});
