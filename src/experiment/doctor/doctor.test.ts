import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { examineHost } from "./examine-host.ts";
import { whatRowsLack } from "./what-rows-lack.ts";

const host = examineHost();

test("what is there is told from what is not by trying it, and nothing of it stays", () => {
  const sh = host.find(({ name }) => name === "python3");
  assert.equal(sh?.isThere, spawnSync("python3", ["-c", "pass"]).status === 0);
  for (const { name, isThere, evidence } of host) assert.equal(isThere, evidence === "", `${name}: ${evidence}`);
  const ports = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
  assert.doesNotMatch(ports, /40063/);
});

test("the page names each", () => {
  const page = readFileSync(new URL("../../../docs/reference/doctor.md", import.meta.url), "utf8");
  for (const { name } of host) assert.ok(page.includes(`\`${name}\``), name);
});

test("a row lacks what it needs and is not there, and what nobody knows", () => {
  const there = { name: "iptables", what: "", isThere: true, evidence: "", standsIn: null };
  const missing = { name: "tc-netem", what: "", isThere: false, evidence: "unknown qdisc", standsIn: null };
  const rows = [
    { row: "F1.1", needs: [] },
    { row: "F1.3", needs: ["iptables"] },
    { row: "F2.1", needs: ["iptables", "tc-netem", "moon"] },
  ];
  assert.deepEqual(whatRowsLack(rows, [there, missing]), [
    { row: "F2.1", why: ["tc-netem: unknown qdisc", "moon: nothing that holdfast doctor knows"] },
  ]);
});
