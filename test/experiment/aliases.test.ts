import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createAliases } from "../../src/experiment/alias/aliases.ts";
import { runAlias } from "../../src/experiment/alias/run-alias.ts";
import type { JsonObject } from "../../src/experiment/document/json.ts";
import { createPythonWorker } from "../../src/experiment/provider/python-worker.ts";
import { messageOf, systemClock, systemRandom } from "../../src/kernel/index.ts";
import { lasting } from "./alias-corpus/lasting.ts";
import { openWorldServer } from "./alias-corpus/world-server.ts";
import { makeWorld } from "./alias-corpus/world.ts";

// What the real packages answered in the same world (alias-corpus/record.ts), against what we answer without them.
interface Recorded {
  readonly module: string;
  readonly func: string;
  readonly arguments: JsonObject;
  /** The lab's API server has not all kinds; a real one has, whose folder HOLDFAST_REAL_CONTROL_PLANE says. */
  readonly needs?: "real";
  readonly looks?: readonly string[];
  /** Where the package fails by a mistake of its own. */
  readonly ours?: Recorded["answer"];
  readonly answer: { readonly value?: unknown; readonly failed?: string; readonly raised?: string };
  readonly shown?: readonly unknown[];
}

test("functions of chaosk8s answer what the package answers", async () => {
  const cases = JSON.parse(readFileSync(join(import.meta.dirname, "alias-corpus/cases.json"), "utf8")) as readonly Recorded[];
  const python = createPythonWorker("python3", {});
  const aliases = createAliases(python, { prefersPython: false });
  const real = process.env["HOLDFAST_REAL_CONTROL_PLANE"];
  await using server = await openWorldServer(real);
  await makeWorld(server);
  const context = {
    configuration: {},
    secrets: {},
    environment: { KUBECONFIG: server.kubeconfigFile },
    clock: systemClock,
    random: systemRandom,
    kept: undefined,
    isRollback: false,
  };
  const playable = cases.filter(({ needs }) => needs === undefined || real !== undefined);
  // Those that change nothing do not disturb each other.
  await Promise.all(playable.filter(({ looks }) => looks === undefined).map(check));
  for (const one of playable.filter(({ looks }) => looks !== undefined)) await check(one);

  async function check({ module, func, arguments: given, looks = [], shown = [], ...recorded }: Recorded): Promise<void> {
    const answer = recorded.ours ?? recorded.answer;
    const title = `${module}.${func}(${JSON.stringify(given)})`;
    const alias = await aliases.find(module, func);
    assert.ok(alias !== undefined, `${title} is played without Python`);
    const played = runAlias(alias, given, context, new AbortController().signal);
    if (answer.value !== undefined) assert.deepEqual(lasting(await played), answer.value, title);
    else
      await assert.rejects(played, (error) => {
        // What the package fails with itself it says in the same words, up to a dictionary; what it raises by mistake fails in ours.
        const words = answer.failed?.split(/[{[]|\(404\)|'Not Found'/)[0] ?? "";
        assert.ok(messageOf(error).startsWith(words) || words.startsWith("Failed to"), `${title}: ${messageOf(error)}, not ${words}`);
        return true;
      });
    const seen = await Promise.all(looks.map(async (path) => lasting((await server.call("GET", path)).body)));
    assert.deepEqual(seen, shown, `${title}: what is then to be seen`);
  }
});
