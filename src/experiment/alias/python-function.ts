import type { Clock, Random } from "../../kernel/index.ts";
import type { KubeClient } from "../../kube/index.ts";
import type { Json, JsonObject } from "../document/json.ts";
import type { OpenFault, PreparedFault } from "../fault/fault.ts";
import type { ClusterPlace } from "../kubernetes/cluster-place.ts";
import type { Given } from "./given.ts";
import type { Parameters } from "./parameters.ts";

/** What a function has besides its arguments. */
export interface AliasCall {
  readonly configuration: JsonObject;
  /** The scopes that the activity declares, merged. */
  readonly secrets: JsonObject;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** The cluster that the experiment is aimed at. Rejects with ActivityFailed where there is none. */
  cluster(): Promise<ClusterPlace>;
  client(): Promise<KubeClient>;
  /** Injects a fault so that it is put back at the end; what is done in a rollback is done, and stays. Answers what doing it answered. */
  inject(fault: PreparedFault): Promise<Json>;
  /** Sets a value of the configuration, for what comes after, and of the environment of programs. */
  publish(name: string, value: string): void;
  /** Puts back an open fault of this run, where there is such a one; answers whether there was. */
  putBack(isIt: (fault: OpenFault) => boolean): Promise<boolean>;
}

/** A function of somebody's Python package that is played here, without Python. */
export interface PythonFunction {
  readonly module: string;
  readonly func: string;
  readonly parameters: Parameters;
  /** Answers what the function answers. Rejects with ActivityFailed where it raises. */
  run(given: Given, call: AliasCall): Promise<Json> | Json;
}

/** The functions of one module. */
export function moduleOf(
  module: string,
  functions: Readonly<Record<string, readonly [parameters: Parameters, run: PythonFunction["run"]]>>,
): readonly PythonFunction[] {
  return Object.entries(functions).map(([func, [parameters, run]]) => ({ module, func, parameters, run }));
}
