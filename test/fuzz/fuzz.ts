import { seededRandom } from "../../src/kernel/index.ts";
import { Differential, type FuzzCounts } from "./differential.ts";

/** What a run found; `failure` names the seed and the bytes. */
export interface FuzzResult {
  readonly counts: FuzzCounts;
  readonly failure: string | undefined;
}

/** Fuzzes for so long, or until something is found. The same seed gives the same messages, in the same order. */
export function fuzz(seed: number, seconds: number): FuzzResult {
  const differential = new Differential();
  const random = seededRandom(seed);
  const endMs = performance.now() + seconds * 1_000;
  let failure = differential.bases();
  while (failure === undefined && performance.now() < endMs) failure = differential.next(random);
  const { counts } = differential;
  return { counts, failure: failure === undefined ? undefined : `seed ${seed}, message ${counts.messages}: ${failure}` };
}

export function reportOf({ messages, same, neither, stricter, looser }: FuzzCounts): string {
  const lines = [
    `${messages} messages: ${same} taken by both and read the same, ${neither} by neither`,
    ...Array.from(stricter, ([fault, count]) => `  ${count} refused here alone: ${fault}`),
    ...Array.from(looser, ([why, count]) => `  ${count} refused or read otherwise by llhttp alone: ${why}`),
  ];
  return `${lines.join("\n")}\n`;
}
