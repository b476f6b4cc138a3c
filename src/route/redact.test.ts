import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { parseEskip } from "./eskip-parser.ts";
import { printEskip } from "./eskip-printer.ts";
import { redactRoutes } from "./redact.ts";
import { standardRegistry } from "./standard.ts";
import { problemOf } from "./testing/calls.ts";

test("routes are shown without what lets somebody in", () => {
  const text = `
    a: Header("Authorization", "Bearer hidden") && Header("X-Shop", "shown") && Cookie("session-token", /^hidden$/) && HeaderRegexp("x-api-key", /hidden/)
      -> setRequestHeader("authorization", "Basic hidden") -> setRequestHeader("X-Auth-Token", "hidden") -> setRequestHeader("X-Shop", "shown")
      -> modRequestHeader("Cookie", /a/, "hidden") -> appendResponseHeader("Set-Cookie", "hidden") -> unknown("shown") -> <shunt>;
    b: * -> status(200) -> <shunt>`;
  const { routes } = parseEskip(text, "test");
  const redacted = redactRoutes(routes, standardRegistry);
  const printed = printEskip(redacted);
  equal(printed.includes("hidden"), false);
  equal(printed.match(/\*\*\*/g)?.length, 7);
  equal(printed.match(/shown/g)?.length, 3);
  equal(redacted[1], routes[1]);
  deepEqual(parseEskip(printed, "test").problems, []);
});

test("a message about arguments does not show them when one is a secret", () => {
  match(problemOf('setRequestHeader("X-Api-Key", "hidden", "more")'), /expected .*3 arguments, among them secrets/);
  match(problemOf('setRequestHeader("X-Shop", "shown", "more")'), /"shown"/);
});
