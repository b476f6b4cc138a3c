import type { JsonObject } from "../document/json.ts";
import type { PythonWorker } from "../provider/python-worker.ts";
import { customObjectProbes } from "./chaosk8s/custom-object-probes.ts";
import { networkingActions } from "./chaosk8s/networking-actions.ts";
import { nodeActions } from "./chaosk8s/node-actions.ts";
import { nodeProbes } from "./chaosk8s/node-probes.ts";
import { eventProbes, namespaceProbes, networkingProbes, secretProbes, serviceProbes } from "./chaosk8s/object-probes.ts";
import { oldProbes } from "./chaosk8s/old-probes.ts";
import { podActions } from "./chaosk8s/pod-actions.ts";
import { podProbes } from "./chaosk8s/pod-probes.ts";
import { workloadActions } from "./chaosk8s/workload-actions.ts";
import { daemonSetProbes, deploymentProbes, statefulSetProbes } from "./chaosk8s/workload-probes.ts";
import { chaosPrometheus } from "./chaosprometheus.ts";
import { toxiproxyProxies } from "./chaostoxi/proxies.ts";
import { toxiproxyToxics } from "./chaostoxi/toxics.ts";
import { osPath } from "./os-path.ts";
import type { PythonFunction } from "./python-function.ts";

const KNOWN: ReadonlyMap<string, PythonFunction> = new Map(
  [
    ...osPath,
    ...podProbes,
    ...nodeProbes,
    ...deploymentProbes,
    ...statefulSetProbes,
    ...daemonSetProbes,
    ...serviceProbes,
    ...secretProbes,
    ...namespaceProbes,
    ...networkingProbes,
    ...eventProbes,
    ...customObjectProbes,
    ...oldProbes,
    ...podActions,
    ...nodeActions,
    ...networkingActions,
    ...workloadActions,
    ...chaosPrometheus,
    ...toxiproxyProxies,
    ...toxiproxyToxics,
  ].map((one) => [nameOf(one.module, one.func), one]),
);

/** By their modules, for the reference. */
export const playedFunctions: readonly PythonFunction[] = [...KNOWN.values()];

/** Which functions of Python packages are played here, without Python. */
export interface Aliases {
  /** Undefined for one that is Python's to play. */
  find(module: string | undefined, func: string | undefined): Promise<PythonFunction | undefined>;
}

/** With `prefersPython` only those whose module Python does not have: where the package itself is there, it is the package that is played. */
export function createAliases(python: PythonWorker, { prefersPython }: { readonly prefersPython: boolean }): Aliases {
  const inPython = new Map<string, Promise<boolean>>();
  return {
    async find(module, func) {
      const alias = KNOWN.get(nameOf(module, func));
      if (alias === undefined || !prefersPython) return alias;
      const has = inPython.get(alias.module) ?? isImportable(alias, python);
      inPython.set(alias.module, has);
      return (await has) ? undefined : alias;
    },
  };
}

async function isImportable({ module, func }: PythonFunction, python: PythonWorker): Promise<boolean> {
  const call: JsonObject = { do: "check", name: func, type: null, module, func, arguments: {} };
  try {
    const problem = await python.ask(call);
    return !(typeof problem === "string" && problem.startsWith("could not find Python module"));
  } catch {
    return false;
  }
}

function nameOf(module: string | undefined, func: string | undefined): string {
  return `${module ?? ""}.${func ?? ""}`;
}
