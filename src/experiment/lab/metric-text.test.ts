import assert from "node:assert/strict";
import { it } from "node:test";
import { sumOf } from "./metric-text.ts";

const TEXT = `# HELP a_total things
# TYPE a_total counter
a_total{code="200",route="x{y}"} 3
a_total{code="503",route="z\\"}"} 4
a_total_more 9
b 1.5e3
`;

it("samples of a metric are added up by their labels, and none is not the same as 0", () => {
  assert.equal(sumOf(TEXT, "a_total", {}), 7);
  assert.equal(sumOf(TEXT, "a_total", { code: "503" }), 4);
  assert.equal(sumOf(TEXT, "a_total", { code: "404" }), undefined);
  assert.equal(sumOf(TEXT, "b", {}), 1500);
  assert.equal(sumOf(TEXT, "c", {}), undefined);
});
