import { type Json, type JsonObject, isObject, objectAt, objectsAt, textAt } from "../document/json.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import type { PythonWorker } from "../provider/python-worker.ts";
import { type Values, substitute } from "../values/substitute.ts";
import type { Interrupter } from "./interruption.ts";

export type ControlLevel = "experiment" | "hypothesis" | "method" | "rollback" | "activity";

/** Functions of Python modules that are called before and after what a run does (chaostoolkit-lib, `control`). */
export interface Controls {
  configure(): Promise<void>;
  /** Answers the context as the controls left it: they may change an activity before it runs. */
  before(level: ControlLevel, context: JsonObject): Promise<JsonObject>;
  after(level: ControlLevel, context: JsonObject, state: Json): Promise<void>;
  cleanUp(): Promise<void>;
}

export interface ControlsOptions {
  readonly experiment: JsonObject;
  readonly values: Values;
  /** Of files beside the experiment's: they apply everywhere. */
  readonly global: readonly JsonObject[];
  readonly python: PythonWorker;
  readonly interrupter: Interrupter;
}

export function createControls({ experiment, values, global, python, interrupter }: ControlsOptions): Controls {
  const topLevel = objectsAt(experiment, "controls");
  const everyOne = (): readonly JsonObject[] => {
    const hypothesis = objectAt(experiment, "steady-state-hypothesis");
    const activities = [...objectsAt(hypothesis, "probes"), ...objectsAt(experiment, "method"), ...objectsAt(experiment, "rollbacks")];
    const all = [...global, ...topLevel, ...objectsAt(hypothesis, "controls"), ...activities.flatMap((one) => objectsAt(one, "controls"))];
    return [...new Map(all.map((control) => [control["name"], control])).values()];
  };

  /** What a control's function raises is not told; only InterruptExecution ends the run. */
  async function call(control: JsonObject, func: string, more: JsonObject): Promise<JsonObject> {
    const provider = objectAt(control, "provider");
    if (provider["type"] !== "python") return {};
    try {
      const answer = await python.ask({
        do: "control",
        module: textAt(provider, "module") ?? "",
        func,
        arguments: substitute(objectAt(provider, "arguments"), values),
        ...values,
        extensions: experiment["extensions"] ?? null,
        settings: {},
        experiment,
        ...more,
      });
      return isObject(answer) ? answer : {};
    } catch (error) {
      if (error instanceof ActivityFailed && error.interrupts) interrupter.interrupt({ by: error.message, withoutRollbacks: false });
      return {};
    }
  }

  async function apply(level: ControlLevel, scope: "before" | "after", context: JsonObject, state?: Json): Promise<JsonObject> {
    let current = context;
    for (const control of controlsAt(level, context, topLevel, global)) {
      const only = textAt(control, "scope");
      if (only !== undefined && only !== "" && only !== scope) continue;
      const answer = await call(control, `${scope}_${level}_control`, { context: current, ...(state === undefined ? {} : { state }) });
      if (isObject(answer["context"])) current = answer["context"];
    }
    return current;
  }

  return {
    async configure() {
      for (const control of everyOne()) await call(control, "configure_control", {});
    },
    before: (level, context) => apply(level, "before", context),
    async after(level, context, state) {
      await apply(level, "after", context, state);
    },
    async cleanUp() {
      for (const control of everyOne()) await call(control, "cleanup_control", {});
    },
  };
}

/** The controls of a place: the global ones, its own, and those of the experiment that are automatic (`get_context_controls`). */
function controlsAt(
  level: ControlLevel,
  context: JsonObject,
  topLevel: readonly JsonObject[],
  global: readonly JsonObject[],
): readonly JsonObject[] {
  const own = [...global, ...objectsAt(context, "controls")];
  const automatic = topLevel.filter((control) => control["automatic"] !== false);
  if (topLevel.length === 0) return own;
  if (own.length === 0 || level === "method" || level === "rollback") return automatic;
  const referred = own.flatMap((control) => topLevel.filter(({ name }) => name !== undefined && name === control["ref"]).slice(0, 1));
  const names = new Set(own.map(({ name }) => name));
  const inherited = level === "experiment" ? [] : automatic.filter(({ name }) => !names.has(name));
  return [...inherited, ...own, ...referred];
}
