import type { Clock } from "../../kernel/index.ts";
import { type JsonObject, textAt } from "../document/json.ts";
import { formatAddress } from "../fault-proxy/address.ts";
import { type Toxic, numberOf } from "../fault-proxy/tcp/toxic.ts";
import type { InjectOptions, Sight, Witness } from "../fault/fault.ts";
import type { NativeActivity } from "../native/native-activity.ts";
import { type ThreeLooks, lookThrice, seesNone } from "./toxic-sight.ts";

const PROBE_MS = 2_000;

/** The two ways to a server: the one that a fault is on, and one around it. */
export interface ProbeWays {
  readonly through: { readonly host: string; readonly port: number };
  readonly around: { readonly host: string; readonly port: number };
  /** The source address of the way around. */
  readonly aroundFrom: string | undefined;
  /** What the fault may make a request wait. */
  readonly slowedMs: number;
}

/** What says how the witness asks; the same for all faults that a proxy does. */
export const PROBE_ARGUMENTS: NativeActivity["arguments"] = {
  path: { type: "string", default: "/", summary: "what the witness asks for with GET, through the fault and around it" },
  host: { type: "string", summary: "the Host that the witness names" },
  witness_seconds: {
    type: "number",
    least: 0.1,
    most: 600,
    default: 10,
    summary: "how long the witness looks for it, before the fault counts as not there",
  },
  tls: { type: "boolean", default: false, summary: "whether TLS is spoken at the address" },
};

/** Asks the way that others go, and the way around the fault. */
export function linkWitness(
  { through, around, aroundFrom, slowedMs }: ProbeWays,
  given: JsonObject,
  clock: Clock,
  isInjected: (looks: ThreeLooks) => Sight,
): Witness {
  const path = textAt(given, "path") ?? "/";
  const tls = given["tls"] === true;
  const look = async (signal: AbortSignal): Promise<ThreeLooks> => {
    const asked = { tls, path, hostHeader: textAt(given, "host"), timeoutMs: PROBE_MS + slowedMs };
    const direct = { ...asked, address: around, from: aroundFrom };
    return lookThrice(direct, { ...asked, address: through, from: undefined }, clock, signal);
  };
  return {
    label: `GET ${tls ? "https" : "http"}://${formatAddress(through.host, through.port)}${path}`,
    isInjected: async (signal) => isInjected(await look(signal)),
    isReverted: async (signal) => seesNone(await look(signal)),
  };
}

/** What latencies add up to. */
export function slowedMs(toxics: readonly Toxic[]): number {
  return toxics.reduce((sum, { attributes }) => sum + numberOf(attributes, "latency") + numberOf(attributes, "jitter"), 0);
}

/** A witness that is slowed needs longer. */
export function injectOptions({ seconds, witness_seconds: witnessSeconds }: JsonObject, slowMs: number): InjectOptions {
  return { ...(typeof seconds === "number" ? { seconds } : {}), witnessSeconds: Number(witnessSeconds) + (3 * slowMs) / 1000 };
}
