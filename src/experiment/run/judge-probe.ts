import { messageOf } from "../../kernel/index.ts";
import { type JsonObject, objectAt } from "../document/json.ts";
import { isWithinTolerance } from "../tolerance/within-tolerance.ts";
import { callProvider } from "./call-provider.ts";
import type { ActivityRun } from "./journal.ts";
import type { RunContext } from "./run-context.ts";

/**
 * Whether a probe that ran is within its tolerance. Undefined when the tolerance says nothing about the answer: then the run tells why; by Chaos
 * Toolkit's rules it rejects with PythonTypeError instead.
 */
export async function judgeProbe(
  probe: JsonObject,
  run: ActivityRun,
  context: RunContext,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const { options, values } = context;
  if (options.dry === "probes" || options.dry === "activities") return true;
  try {
    return await isWithinTolerance(probe["tolerance"] ?? null, run.output, values, (judge, value) => {
      const provider = objectAt(judge, "provider");
      const given = { ...judge, provider: { ...provider, arguments: { ...objectAt(provider, "arguments"), value } } };
      return callProvider(given, values, context, signal);
    });
  } catch (error) {
    if (options.rules === "chaostoolkit") throw error;
    run.exception = [`its tolerance cannot be applied to its answer: ${messageOf(error)}`];
    return undefined;
  }
}
