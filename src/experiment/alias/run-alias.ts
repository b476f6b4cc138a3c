import type { Clock, Random } from "../../kernel/index.ts";
import type { Json, JsonObject } from "../document/json.ts";
import type { FaultKeeper } from "../fault/fault.ts";
import { type ClusterPlace, placeOfTarget } from "../kubernetes/cluster-place.ts";
import type { Target } from "../target/target.ts";
import { clusterOfExperiment } from "./experiment-cluster.ts";
import { Given } from "./given.ts";
import type { AliasCall, PythonFunction } from "./python-function.ts";

export interface AliasContext {
  /** Of the run: a function may add to it. */
  readonly configuration: JsonObject;
  readonly secrets: JsonObject;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
  /** Undefined under the rules of Chaos Toolkit, which keeps no book of what it breaks. */
  readonly kept: { readonly target: Target; readonly faults: FaultKeeper } | undefined;
  /** What puts right is no fault. */
  readonly isRollback: boolean;
}

/** Plays a function of a Python package here. Rejects with ActivityFailed, or with the error of a call. */
export async function runAlias(alias: PythonFunction, given: JsonObject, context: AliasContext, signal: AbortSignal): Promise<Json> {
  const { kept, isRollback } = context;
  let own: Promise<ClusterPlace> | undefined;
  async function cluster(): Promise<ClusterPlace> {
    const spec = kept?.target.spec;
    if (kept !== undefined && (spec?.kubeconfig !== undefined || spec?.lab !== undefined)) return placeOfTarget(kept.target);
    return (own ??= clusterOfExperiment(context));
  }
  const call: AliasCall = {
    ...context,
    signal,
    cluster,
    client: async () => (await cluster()).client,
    async inject(fault) {
      if (kept === undefined || isRollback) return fault.apply(signal);
      return (await kept.faults.inject(fault)).output;
    },
    publish(name, value) {
      (context.configuration as Record<string, Json>)[name] = value;
      (context.environment as Record<string, string | undefined>)[name] = value;
    },
    async putBack(isIt) {
      const open = kept?.faults.open().findLast(isIt);
      if (open === undefined) return false;
      await kept?.faults.revert(open.id);
      return true;
    },
  };
  try {
    return await alias.run(new Given(given, alias.parameters), call);
  } finally {
    await (await own?.catch(() => undefined))?.client.close();
  }
}
