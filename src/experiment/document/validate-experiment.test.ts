import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "../../kernel/index.ts";
import { createAliases } from "../alias/aliases.ts";
import { createPythonWorker } from "../provider/python-worker.ts";
import { openExperiment } from "../open-experiment.ts";

const python = createPythonWorker("python3", {});
const aliases = createAliases(python, { prefersPython: false });
const NOTHING = { environment: { PATH: "/bin" }, python, aliases, rules: "holdfast" as const };

async function problemsIn(text: string, file = "x.json"): Promise<readonly string[]> {
  const { problems, lineOf } = await openExperiment(text, file, NOTHING);
  return problems.map(lineOf);
}

test("each problem has its place in the file, and says how to mend it", async () => {
  const text = `{
  "title": "t", "description": "d", "metod": [],
  "steady-state-hypothesis": {
    "title": "h",
    "probes": [
      {"type": "probe", "name": "a", "tolerance": {"type": "range", "range": [9, 1]}, "provider": {"type": "process", "path": "true"}},
      {"type": "action", "name": "a", "tolerance": 3.5, "provider": {"type": "process", "path": "true"}}
    ]
  },
  "method": [{"type": "action", "name": "b", "background": "yes", "provider": {"type": "process", "path": "nowhere-to-be-found"}}, {"ref": "zz"}],
  "runtime": {"rollbacks": {"strategy": "allways"}},
  "rollbacks": [{"ref": "yy"}]
}`;
  const lines = await problemsIn(text);
  assert.deepEqual(
    lines.map((line) => /^x\.json:(\d+):\d+: /.exec(line)?.[1]),
    ["6", "7", "10", "10", "2", "11", "7", "7", "12"],
  );
  assert.match(lines.join("\n"), /range \[9, 1\] is never met.*: turn them round/);
  assert.match(lines.join("\n"), /there is no field "metod"/);
  assert.match(lines.join("\n"), /activity background must be a boolean \(method\.0\.background\)/);
  assert.match(lines.join("\n"), /there is no strategy "allways".*: write one of default, always, never, deviated/);
  assert.match(lines.join("\n"), /an action cannot judge a steady state/);
});

test("the same in YAML, with the place in the YAML", async () => {
  const lines = await problemsIn(
    "title: t\ndescription: d\nmethod:\n  - type: action\n    name: n\n    provider:\n      type: go\n",
    "x.yaml",
  );
  assert.deepEqual(lines, ["x.yaml:7:7: unknown provider type 'go' (method.0.provider.type)"]);
});

test("a file that cannot be read says where", async () => {
  await assert.rejects(problemsIn('{"title": "t",\n "description" "d"}'), (error) => {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, "EXPERIMENT_UNREADABLE");
    assert.match(error.message, /^x\.json:2:\d+: is no JSON/);
    return true;
  });
  await assert.rejects(problemsIn("a: [", "x.yml"), /^AppError: x\.yml:1:5: is no YAML/);
  await assert.rejects(problemsIn("[]"), /x\.json:1:1: holds no object/);
});

test("the arguments of a function that is played without Python are looked at where they stand", async () => {
  const text = `{
  "title": "t", "description": "d",
  "method": [
    {"type": "probe", "name": "a", "provider": {"type": "python", "module": "chaosk8s.pod.probes", "func": "count_pods",
      "arguments": {"label_selector": "app=x",
        "namespace": "shop"}}},
    {"type": "probe", "name": "b", "provider": {"type": "python", "module": "chaosk8s.pod.probes", "func": "count_pods"}}
  ]
}`;
  const lines = await problemsIn(text);
  assert.match(lines[0] ?? "", /^x\.json:6:\d+: argument 'namespace' is not part of the function signature in activity 'count_pods'/);
  assert.match(lines[1] ?? "", /^x\.json:7:\d+: required argument 'label_selector' is missing from activity 'count_pods'/);
  assert.equal(lines.length, 2);
});
