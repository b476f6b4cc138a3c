import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { parseEskip } from "./eskip-parser.ts";
import { getHeader } from "./header-list.ts";
import { rehearse } from "./rehearse.ts";
import { standardRegistry } from "./standard.ts";
import { compileTable } from "./table.ts";
import { runRoute } from "./testing/calls.ts";
import { rehearsedRequest } from "./testing/requests.ts";

describe("a rehearsal", () => {
  it("follows loopbacks with what filters left, and brings the answer back through all routes", () => {
    const found = runRoute(
      `a: Path("/a/:id") -> setResponseHeader("X-Id", "\${id}") -> setPath("/b") -> setQuery("q", "1") -> <loopback>;
       b: Path("/b") && QueryParam("q") -> setRequestHeader("X", "\${id}") -> setResponseHeader("X-B", "1") -> "http://10.0.0.1";`,
      { path: "/a/7" },
    );
    deepEqual([found.outcome, found.route.id, found.path, found.query], ["sent", "b", "/b", "q=1"]);
    equal(getHeader(found.requestHeaders, "x"), "7");
    deepEqual(found.responseHeaders, ["X-B", "1", "X-Id", "7"]);
  });

  it("falls back where the status is known", () => {
    const found = runRoute(
      `a: Path("/") -> setResponseHeader("X-A", "1") -> loopbackIfStatus(404, "/b") -> setResponseHeader("X-Behind", "1") -> <shunt>;
       b: Path("/b") -> inlineContent("b") -> <shunt>;`,
    );
    deepEqual([found.outcome, found.status, new TextDecoder().decode(found.body)], ["answered", 200, "b"]);
    equal(getHeader(found.responseHeaders, "x-behind"), undefined);
    equal(getHeader(found.responseHeaders, "x-a"), "1");
  });

  it("says when routes lead in a circle", () => {
    const { table } = compileTable(parseEskip("a: * -> <loopback>", "test"), standardRegistry);
    const found = rehearse(table, rehearsedRequest());
    deepEqual("reason" in found ? found.reason : found.outcome, "it was looked up again 9 times");
  });
});
