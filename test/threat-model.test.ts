import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { authLimits } from "../src/auth/settings.ts";
import { LOAD_LIMITS } from "../src/experiment/load/plan/limits.ts";
import { defaultProxyOptions } from "../src/proxy/options.ts";
import { defaultSharedLimitTimes } from "../src/shared-limits/options.ts";
import { defaultTlsFrontOptions } from "../src/proxy/tls/tls-front.ts";

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

/** Names of all numbers in `value`, with the groups they are in. */
function numbersIn(value: unknown, name: string): string[] {
  if (typeof value === "number") return [name];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, name === "" ? key : `${name}.${key}`));
}

/** What stands in the first column of the table below a heading. */
function namedBelow(heading: string): string[] {
  const section = read("docs/threat-model.md").split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return [...section.matchAll(/^\| (`[^|]*`) +\|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
  );
}

test("every limit of the proxy and of TLS is in the threat model by its name, and no other is", () => {
  assert.deepEqual(namedBelow("Limits of the proxy").toSorted(), numbersIn(defaultProxyOptions, "").toSorted());
  assert.deepEqual(namedBelow("Limits of a TLS listener").toSorted(), numbersIn(defaultTlsFrontOptions, "tls").toSorted());
});

test("every limit of authentication is in the threat model by its name, and no other is", () => {
  assert.deepEqual(namedBelow("Limits of authentication").toSorted(), numbersIn(authLimits, "").toSorted());
});

test("every limit of load is in the threat model by its name, and no other is", () => {
  assert.deepEqual(namedBelow("Limits of load").toSorted(), Object.keys(LOAD_LIMITS).toSorted());
});

test("every limit of shared rate limits is in the threat model by its name, and no other is", () => {
  const names = [...Object.keys(defaultSharedLimitTimes), "SHARED_LIMIT_WAITING"];
  assert.deepEqual(namedBelow("Limits of shared rate limits").toSorted(), names.toSorted());
});

test("every limit of the admin listener is in the threat model by its name, and no other is", () => {
  const listener = [...read("src/admin/listener.ts").matchAll(/\b(\w+(?:Timeout|Size|Connections))(?:: | = )[\d_]+/g)];
  const decision = [...read("src/admin/decision.ts").matchAll(/^const ((?:LIMIT|LONGEST)_\w+) = /gm)];
  const names = [...listener, ...decision].map(([, name = ""]) => name);
  assert.ok(names.length >= 8, names.join());
  assert.deepEqual(namedBelow("Limits of the admin listener").toSorted(), names.toSorted());
});

test("every limit of the controller of load balancers is in the threat model by its name, and no other is", () => {
  const files = globSync("src/{alb,aws,mirror}/**/*.ts", {
    cwd: new URL("../", import.meta.url),
    exclude: ["**/*.test.ts", "**/testing/**"],
  });
  const names = files.flatMap((file) =>
    [...read(file).matchAll(/^(?:export )?const ((?:MOST_|LONGEST_\w*BYTES|\w*_LIMIT)\w*) = [\d_]/gm)].map(([, name = ""]) => name),
  );
  assert.ok(names.length >= 10, names.join());
  assert.deepEqual(namedBelow("Limits of the controller of load balancers").toSorted(), [...new Set(names)].toSorted());
});

test("every limit of the fault proxy is in the threat model by its name, and no other is", () => {
  const files = globSync("src/experiment/fault-proxy/**/*.ts", {
    cwd: new URL("../", import.meta.url),
    exclude: ["**/*.test.ts", "**/testing/**"],
  });
  const names = files.flatMap((file) =>
    [...read(file).matchAll(/^(?:export )?const ((?:MOST_|LONGEST_|\w*_QUEUE_BYTES)\w*) = [\d_]/gm)].map(([, name = ""]) => name),
  );
  assert.ok(names.length >= 6, names.join());
  assert.deepEqual(namedBelow("Limits of the fault proxy").toSorted(), [...new Set(names)].toSorted());
});
