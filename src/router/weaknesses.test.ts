import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";
import { WEAKNESSES, weakened } from "./weaknesses.ts";

const HOLDFAST = join(import.meta.dirname, "../../bin/holdfast");

describe("guards that are switched off on purpose", () => {
  it("each changes what it names and leaves the rest as it was told", () => {
    const told = { via: "a", limits: { connections: 5 }, balancer: { zone: "z" } };
    for (const name of WEAKNESSES) {
      const input = weakened(told, [name]);
      assert.notDeepEqual(input, weakened(told, []), name);
      assert.deepEqual([input.via, input.limits?.connections, input.balancer?.zone], ["a", 5, "z"]);
    }
    const both = weakened(told, ["retries", "ejection"]);
    assert.deepEqual([both.retry?.attempts, both.balancer?.ejection?.answers], [1, Infinity]);
  });

  it("is refused outside of the lab, and by a name that is none", () => {
    const { HOLDFAST_LAB: _, ...environment } = process.env;
    const run = (name: string, env: NodeJS.ProcessEnv): string =>
      spawnSync(HOLDFAST, ["router", "--listen", "127.0.0.1:0", "--routes", "/none", "--weaken", name], {
        encoding: "utf8",
        env,
        timeout: 30_000,
      }).stderr;
    assert.match(run("retries", environment), /--weaken takes guards away .* runs in the lab only/);
    assert.match(run("retrys", { ...environment, HOLDFAST_LAB: "1" }), /--weaken "retrys": write one of retries, ejection,/);
  });
});
