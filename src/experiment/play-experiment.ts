import type { Clock } from "../kernel/index.ts";
import type { Aliases } from "./alias/aliases.ts";
import { loadConfiguration } from "./configuration/load-configuration.ts";
import { loadDynamic } from "./configuration/load-dynamic.ts";
import { loadSecrets } from "./configuration/load-secrets.ts";
import type { Variables } from "./configuration/variables.ts";
import { type JsonObject, objectAt, textAt } from "./document/json.ts";
import { activitiesOf } from "./document/validate-experiment.ts";
import type { NativeContext } from "./native/native-activity.ts";
import type { Redactor } from "./evidence/redactor.ts";
import type { PythonWorker } from "./provider/python-worker.ts";
import { callProvider } from "./run/call-provider.ts";
import { createControls } from "./run/controls.ts";
import type { Interrupter } from "./run/interruption.ts";
import { type Journal, newJournal } from "./run/journal.ts";
import type { RunObserver, RunOptions } from "./run/run-context.ts";
import { runExperiment } from "./run/run-experiment.ts";
import { substitute } from "./values/substitute.ts";

export interface PlayDeps {
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly python: PythonWorker;
  readonly aliases: Aliases;
  readonly natives: NativeContext | undefined;
  readonly interrupter: Interrupter;
  readonly observer: RunObserver;
  /** Learns the secrets before anything is called. */
  readonly redactor: Redactor;
  /** Controls of files beside the experiment's (`--control-file`). */
  readonly controls: readonly JsonObject[];
}

/** Plays an experiment that was found valid. Rejects as {@link runExperiment} does, and with AppError `EXPERIMENT_INVALID` for its values. */
export async function playExperiment(experiment: JsonObject, variables: Variables, options: RunOptions, deps: PlayDeps): Promise<Journal> {
  const environment = { ...deps.environment, ...variables.environment };
  const declared = loadConfiguration(objectAt(experiment, "configuration"), variables.configuration, environment);
  const secrets = loadSecrets(objectAt(experiment, "secrets"), variables.secrets, environment);
  deps.redactor.learn(secrets);
  const calls = { environment, python: deps.python, aliases: deps.aliases, natives: deps.natives, clock: deps.clock, isRollback: false };
  const { configuration } = await loadDynamic(declared, secrets, (probe, values) =>
    callProvider(probe, values, calls, deps.interrupter.signal),
  );
  const values = { configuration, secrets };
  const titled = { ...experiment, title: substitute(experiment["title"] ?? "", values), dry: options.dry ?? null };
  const journal = newJournal(titled, deps.clock.wallMs());
  const controls = createControls({
    experiment: titled,
    values,
    global: deps.controls,
    python: deps.python,
    interrupter: deps.interrupter,
  });
  const activities = new Map(activitiesOf(experiment).map((activity) => [textAt(activity, "name") ?? "", activity]));
  try {
    await runExperiment(journal, { ...deps, ...calls, experiment: titled, values, options, controls, activities });
  } finally {
    // Whatever ended it.
    await deps.natives?.faults.revertAll();
  }
  return journal;
}
