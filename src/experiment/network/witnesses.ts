import type { Sight, Witness } from "../fault/fault.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { type Firewall, areRulesGone, countedPackets } from "./firewall.ts";
import type { Places } from "./place.ts";
import { transferFrom } from "./transfer.ts";
import { tryConnect } from "./try-connect.ts";

const CONNECT_MS = 1_000;
const CONNECTIONS = 20;
const LARGE_BYTES = 256 * 1024;
/** What a rate of less than 512 kbit/s lets through in this time is not all of it. */
const RATE_MS = 4_000;

/** Connections to those who listen there end so: `timeout`, `ECONNREFUSED`, `EHOSTUNREACH`. */
export function connectWitness({ listens, names }: Places, outcomes: readonly string[], timeoutMs = CONNECT_MS): Witness {
  if (listens.length === 0)
    throw new ActivityFailed(
      `nobody is known to listen at ${names.join(", ")}: give witness, as in 127.30.65.2:8080, so that the fault can be seen`,
    );
  const look = async (isAsWanted: (outcome: string) => boolean, signal: AbortSignal): Promise<Sight> => {
    const attempts = await Promise.all(listens.map((address) => tryConnect(address, timeoutMs, signal)));
    const other = attempts.find(({ outcome }) => !isAsWanted(outcome));
    return { seen: other === undefined, evidence: (other ?? attempts[0])?.evidence ?? "" };
  };
  return {
    label: `connect to ${listens.join(", ")}`,
    isInjected: (signal) => look((outcome) => outcomes.includes(outcome), signal),
    // Whether it listens is its own affair: a service that is down as such answers, too.
    isReverted: (signal) =>
      look((outcome) => outcome === "connected" || (outcome === "ECONNREFUSED" && !outcomes.includes(outcome)), signal),
  };
}

/** The kernel has counted packets on the rules while we connected; at the end the rules are gone. */
export function countWitness(firewall: Firewall, { listens, names }: Places): Witness {
  if (listens.length === 0)
    throw new ActivityFailed(
      `nobody is known to listen at ${names.join(", ")}: give witness, as in 127.30.65.2:8080, so that the fault can be seen`,
    );
  return {
    label: `packets that the kernel counts on the rules ${firewall.mark}`,
    async isInjected(signal) {
      const targets = Array.from({ length: CONNECTIONS }, (_, at) => listens[at % listens.length] ?? "");
      await Promise.all(targets.map((address) => tryConnect(address, CONNECT_MS, signal)));
      const packets = await countedPackets(firewall);
      return {
        seen: packets > 0,
        evidence: `${packets} packets were lost of what ${CONNECTIONS} connections to ${listens.join(", ")} sent`,
      };
    },
    isReverted: () => areRulesGone(firewall),
  };
}

/** A transfer of our own from the address: large ones hang, small ones pass. */
export function holeWitness(address: string, bytes: number): Witness {
  const small = Math.min(200, Math.floor(bytes / 4));
  return {
    label: `transfers from ${address}`,
    async isInjected(signal) {
      const [little, large] = await Promise.all([small, LARGE_BYTES].map((size) => transferFrom(address, size, CONNECT_MS, signal)));
      return {
        seen: little?.isWhole === true && large?.isWhole === false,
        evidence: `of ${small} bytes ${little?.received} came, of ${LARGE_BYTES} ${large?.received}, within ${CONNECT_MS} ms`,
      };
    },
    async isReverted(signal) {
      const large = await transferFrom(address, LARGE_BYTES, 5_000, signal);
      return { seen: large.isWhole, evidence: `of ${LARGE_BYTES} bytes ${large.received} came in ${large.seconds.toFixed(3)} s` };
    },
  };
}

/** A transfer of our own from the address takes as long as the rate says, and no more at the end. */
export function rateWitness(address: string, kbit: number): Witness {
  // The queue lets the first packet of up to 64 KiB through at once: what is sent has to be much more than that.
  const bytes = Math.max(LARGE_BYTES, Math.min(8 * 2 ** 20, Math.round((kbit * 1500) / 8)));
  const look = async (isSlow: boolean, signal: AbortSignal): Promise<Sight> => {
    const { received, seconds, isWhole } = await transferFrom(address, bytes, RATE_MS, signal);
    const measured = seconds > 0 ? (received * 8) / 1000 / seconds : 0;
    const isNarrow = !isWhole || measured < kbit * 2;
    return {
      seen: isSlow ? isNarrow : !isNarrow,
      evidence: `${received} of ${bytes} bytes from ${address} in ${seconds.toFixed(3)} s, ${Math.round(measured)} kbit/s where ${kbit} are allowed`,
    };
  };
  return {
    label: `a transfer from ${address}`,
    isInjected: (signal) => look(true, signal),
    isReverted: (signal) => look(false, signal),
  };
}
