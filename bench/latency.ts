import { REQUEST_FIELDS } from "./measure.ts";
import { type OpenLoopResult, openLoop } from "./open-loop.ts";
import type { Peer } from "./peers.ts";

/** A load that does not wait for answers: so many requests a second, or so large a share of what each peer did in bursts. */
export type LatencyRate = { readonly perSecond: number } | { readonly share: number };

/** What came of it for one peer. */
export interface PeerLatency extends OpenLoopResult {
  readonly perSecond: number;
}

const RUNS = 3;

/** `1000` or `50%`; undefined for anything else. */
export function readRate(text: string): LatencyRate | undefined {
  const [, number = "", percent] = /^(\d{1,7})(%?)$/.exec(text) ?? [];
  if (number === "") return undefined;
  return percent === "%" ? { share: Number(number) / 100 } : { perSecond: Number(number) };
}

export function rateText(rate: LatencyRate): string {
  return "share" in rate ? `${rate.share * 100} %` : `${rate.perSecond}/s`;
}

/** Runs of each, in turns; of each the one with the middle p99 counts. `mostOf` is what a peer did in bursts. */
export async function measureLatency(
  peers: readonly Peer[],
  rate: LatencyRate,
  { seconds, connections }: { readonly seconds: number; readonly connections: number },
  mostOf: (name: string) => number,
): Promise<ReadonlyMap<string, PeerLatency>> {
  const host = REQUEST_FIELDS[0]?.slice("Host: ".length) ?? "";
  const runs = new Map<string, PeerLatency[]>(peers.map(({ name }) => [name, []]));
  for (let run = 0; run < RUNS; run++) {
    for (const { name, port } of peers) {
      const perSecond = Math.max(1, Math.round("share" in rate ? mostOf(name) * rate.share : rate.perSecond));
      const result = await openLoop({ port, requestsPerSecond: perSecond, seconds: seconds * 2, connections, hosts: [host], paths: ["/"] });
      runs.get(name)?.push({ ...result, perSecond });
    }
  }
  const latencies = new Map<string, PeerLatency>();
  for (const [name, results] of runs) {
    const middle = results.toSorted((left, right) => left.p99 - right.p99)[Math.floor(RUNS / 2)];
    if (middle !== undefined) latencies.set(name, { ...middle, bad: results.reduce((sum, { bad }) => sum + bad, 0) });
  }
  return latencies;
}
