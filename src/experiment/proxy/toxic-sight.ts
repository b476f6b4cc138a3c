import type { Clock } from "../../kernel/index.ts";
import type { Toxic } from "../fault-proxy/tcp/toxic.ts";
import { numberOf } from "../fault-proxy/tcp/toxic.ts";
import type { Sight } from "../fault/fault.ts";
import { type ProbeRequest, type ProbeResult, probe, shownResult } from "./link-probe.ts";

/** Before and after one went through the fault, one went around it: what differs between these two says nothing. */
export interface ThreeLooks {
  readonly around: ProbeResult;
  readonly through: ProbeResult;
  readonly again: ProbeResult;
}

/**
 * Whether what a toxic does shows in a request that went through it, beside one that went around it. Some show only in how long a
 * body of some size takes; those are believed when the body was large enough to tell.
 */
export function seesToxics(toxics: readonly Toxic[], { around, through, again }: ThreeLooks): Sight {
  const evidence = `through the fault ${shownResult(through)}, around it ${shownResult(around)}`;
  return { seen: toxics.some((toxic) => sees(toxic, { around, through, again })), evidence };
}

/** Whether a request that may go through it goes as one that goes around it. */
export function seesNone(looks: ThreeLooks): Sight {
  const { around, through } = looks;
  const seen = around.status === through.status && around.error === through.error && !isOtherBody(looks);
  return { seen, evidence: `the same way as others ${shownResult(through)}, around it ${shownResult(around)}` };
}

/** Another body than around the fault, where the body is the same each time. */
export function isOtherBody({ around, through, again }: ThreeLooks): boolean {
  return through.digest !== around.digest && around.digest === again.digest;
}

function sees({ type, attributes }: Toxic, looks: ThreeLooks): boolean {
  const { around, through } = looks;
  const slowerMs = through.ms - around.ms;
  switch (type) {
    case "latency":
      return slowerMs >= 0.8 * Math.max(1, numberOf(attributes, "latency") - numberOf(attributes, "jitter"));
    case "bandwidth": {
      const rate = numberOf(attributes, "rate");
      // A tenth of a second's worth may go at once.
      return rate === 0 ? through.error !== null : through.bytes / rate > 200 && slowerMs > 0.5 * (through.bytes / rate - 100);
    }
    case "corrupt":
      return through.error !== around.error || through.status !== around.status || isOtherBody(looks);
    case "slow_close":
    case "slicer":
      return slowerMs >= 1 && through.error === null;
    default:
      return through.error !== null && around.error === null;
  }
}

export async function lookThrice(around: ProbeRequest, through: ProbeRequest, clock: Clock, signal: AbortSignal): Promise<ThreeLooks> {
  const first = await probe(around, clock, signal);
  const seen = await probe(through, clock, signal);
  return { around: first, through: seen, again: await probe(around, clock, signal) };
}
