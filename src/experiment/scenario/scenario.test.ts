import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JsonObject } from "../document/json.ts";
import type { DocumentProblem } from "../document/problem.ts";
import { brokenProfile, labArguments, readScenario } from "./scenario.ts";
import { validateScenario } from "./validate-scenario.ts";

const WHOLE: JsonObject = {
  name: "holdfast",
  row: "F1.1",
  fault: "SIGKILL",
  shows: "nothing fails",
  needs: ["iptables"],
  lab: { nodes: 2, routerArguments: ["--via", "a"] },
  knownBad: { switch: "no retries", lab: { nodes: 1, routerArguments: ["--weaken", "retry"] }, configuration: { rate: 5 } },
  subsets: ["ci"],
};

function problemsOf(extension: JsonObject): readonly string[] {
  const problems: DocumentProblem[] = [];
  validateScenario({ extensions: [{ name: "other", what: "ever" }, extension] }, (problem) => void problems.push(problem));
  return problems.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("the extension of a scenario", () => {
  it("is whole", () => assert.deepEqual(problemsOf(WHOLE), []));

  it("is no scenario without a row, and then needs nothing else", () => {
    assert.deepEqual(problemsOf({ name: "holdfast" }), []);
    assert.equal(readScenario({ extensions: [{ name: "holdfast" }] }, "x.yaml"), undefined);
  });

  for (const [what, change, expected] of [
    ["a row that is none", { row: "F1.9" }, 'extensions.1.row: row is "F1.9"'],
    ["a field that is none", { known_bad: {} }, 'extensions.1.known_bad: there is no field "known_bad" here'],
    ["an empty text", { fault: " " }, 'extensions.1.fault: fault is " "'],
    ["a lab of no nodes", { lab: { nodes: 0 } }, "extensions.1.lab.nodes: nodes is 0"],
    [
      "a broken lab's typo",
      { knownBad: { switch: "x", lab: { router: [] } } },
      'extensions.1.knownBad.lab.router: there is no field "router" here',
    ],
    ["a broken stack without a name", { knownBad: {} }, "extensions.1.knownBad: switch is missing"],
    ["needs that are no texts", { needs: [1] }, "extensions.1.needs: needs is [1]"],
  ] as const) {
    it(`${what} is told with its place`, () => assert.deepEqual(problemsOf({ ...WHOLE, ...change }), [expected]));
  }

  it("a row has to say what is done and what it shows", () =>
    assert.deepEqual(problemsOf({ name: "holdfast", row: "C1.1" }), ["extensions.1: fault is missing", "extensions.1: shows is missing"]));

  it("gives the arguments of its lab, and those of the broken one after them", () => {
    const scenario = readScenario({ title: "t", extensions: [WHOLE] }, "x.yaml");
    assert.ok(scenario !== undefined);
    const told = (profile: typeof scenario.lab): string => labArguments(profile).join(" ");
    assert.equal(told(scenario.lab), "--scenario none --rate 0 --nodes 2 --policy hold --router-arg=--via --router-arg=a");
    assert.equal(
      told(brokenProfile(scenario)),
      "--scenario none --rate 0 --nodes 1 --policy hold --router-arg=--via --router-arg=a --router-arg=--weaken --router-arg=retry",
    );
  });
});
