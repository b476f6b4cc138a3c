import assert from "node:assert/strict";
import { test } from "node:test";
import { Redactor } from "./redactor.ts";

test("a secret of the file is taken out wherever it stands, whatever form it took", () => {
  const redactor = new Redactor();
  redactor.learn({ shop: { password: 'hun"ter22', long: "hunter22 and more", pin: 12345, tiny: "abc" } });
  assert.equal(redactor.text('curl -u me:hun"ter22 gave hunter22 and more'), "curl -u me:[redacted] gave [redacted]");
  assert.equal(
    redactor.text(`${Buffer.from('hun"ter22').toString("base64")} hun%22ter22 hun\\"ter22 12345`),
    "[redacted] [redacted] [redacted] [redacted]",
  );
  assert.equal(redactor.text("abc"), "abc", "too short to be told from a word");
});

test("what has the form or the name of a secret is taken out, though nobody said that it is one", () => {
  const redactor = new Redactor();
  assert.equal(redactor.text("Authorization: Bearer abcdefgh12345678"), "Authorization: Bearer [redacted]");
  assert.equal(redactor.text("https://me:geheim@shop/x eyJhbGciOiJub25l.eyJzdWIiOiIxIn0.sig"), "https://me:[redacted]@shop/x [redacted]");
  assert.deepEqual(redactor.json({ headers: { Cookie: ["a=b"], Accept: "text/html" }, arguments: { password: "x" } }), {
    headers: { Cookie: ["[redacted]"], Accept: "text/html" },
    arguments: { password: "[redacted]" },
  });
});

test("of the secrets of an experiment it stays where they come from; the names of scopes that an activity asks for stay", () => {
  const redactor = new Redactor();
  const experiment = {
    secrets: { shop: { a: "plain", b: { type: "env", key: "B", default: "plain" } } },
    method: [{ provider: { secrets: ["shop"] } }],
  };
  assert.deepEqual(redactor.json(experiment), {
    secrets: { shop: { a: "[redacted]", b: { type: "env", key: "B", default: "[redacted]" } } },
    method: [{ provider: { secrets: ["shop"] } }],
  });
});
