import assert from "node:assert/strict";
import { test } from "node:test";
import { knownDifferences } from "./differences.ts";
import { Differential } from "./differential.ts";
import { fuzz, reportOf } from "./fuzz.ts";

const SEED = 20_171_005;
const SECONDS = 20;

test(`mutated messages are read as llhttp reads them, or for a known reason otherwise, for ${SECONDS} s with seed ${SEED}`, (context) => {
  const { counts, failure } = fuzz(SEED, SECONDS);
  context.diagnostic(reportOf(counts));
  if (failure !== undefined) assert.fail(failure);
  assert.ok(counts.messages > 500, `only ${counts.messages} messages`);
  assert.ok(counts.same > counts.messages / 20, "the mutations are too wild to show anything");
  assert.ok(counts.stricter.size > 3, "llhttp is known to take forms that are refused here");
});

test("a difference without a reason is told with its bytes", () => {
  const differential = new Differential({ ...knownDifferences, stricter: {}, looser: [] });
  const text = "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n";
  assert.match(differential.compare("request", text) ?? "", new RegExp(`base64 ${Buffer.from(text).toString("base64")}\\)\n.*WIRE_HOST`));
  assert.match(
    differential.compare("request", text.replace("GET", "GOT").replace("\r\nHost: b", "")) ?? "",
    /we take .* HPE_INVALID_METHOD$/,
  );
  assert.equal(new Differential().compare("request", text), undefined);
});

test("each class of difference names its RFC, and has a message that shows it", () => {
  const { stricter, looser } = knownDifferences;
  for (const why of [...Object.values(stricter), ...looser].map((one) => one.why)) assert.match(why, /^RFC \d{4} (?:section|appendix)/);
  for (const [fault, { kind, example }] of Object.entries(stricter)) {
    const differential = new Differential();
    assert.equal(differential.compare(kind, example), undefined);
    assert.deepEqual([...differential.counts.stricter], [[fault, 1]]);
  }
});

test("what llhttp takes for content because it does not see a coding is no fault of ours, whether we refuse it or wait for its end", () => {
  const differential = new Differential();
  for (const body of ["1a\r\nnot so many\r\n0\r\n\r\n", "1\r\na\r\n"]) {
    const text = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\t\r\n\r\n${body}`;
    assert.equal(differential.compare("response", text), undefined);
    assert.match(
      differential.compare("response", text.replace("\t", "")) ?? "refused by both",
      /refused by both/,
      "seen by both it is refused by both, or whole to none",
    );
  }
  assert.deepEqual([...differential.counts.looser], [[knownDifferences.framedOtherwise.why, 2]]);
  assert.equal(differential.counts.neither, 2);
});
