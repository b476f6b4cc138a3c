import { type Distributor, createDistributor } from "../distributor.ts";
import { encodeGeneration } from "../encode-generation.ts";
import type { GenerationHeader } from "../generation.ts";
import type { FromWorker, ToWorker } from "../messages.ts";

export type Update = Extract<ToWorker, { type: "update" }>;
type Applied = Extract<FromWorker, { type: "applied" }>;

export interface Bench {
  readonly distributor: Distributor;
  readonly sent: { readonly worker: string; readonly update: Update }[];
  readonly bad: number[];
  readonly gaps: { count: number };
  /** The update sent to a worker last and not yet taken. */
  readonly take: (worker: string) => Update | undefined;
  /** The worker answers an update: this is what it serves now. */
  readonly answer: (worker: string, update: Update | undefined, number: number, what?: Pick<Applied, "problem" | "wantsWhole">) => void;
}

export function bench(): Bench {
  const sent: { worker: string; update: Update }[] = [];
  const bad: number[] = [];
  const gaps = { count: 0 };
  const distributor = createDistributor("restored", {
    send(worker, message) {
      if (message.type === "update") sent.push({ worker, update: message });
      return true;
    },
    onBad: (number) => bad.push(number),
    onGap: () => gaps.count++,
    onProven() {},
  });
  return {
    distributor,
    sent,
    bad,
    gaps,
    take(worker) {
      const at = sent.findIndex((entry) => entry.worker === worker);
      return at < 0 ? undefined : sent.splice(at, 1)[0]?.update;
    },
    answer: (worker, update, number, what = {}) =>
      distributor.workerApplied(worker, { sequence: update?.sequence ?? 0, number, routes: 0, ...what }),
  };
}

export function generation(number: number): { header: GenerationHeader; text: string } {
  return encodeGeneration({ routes: [], pools: [] }, { number, createdAtMs: 0, source: "test", revisions: {} });
}

export function offer(distributor: Distributor, number: number): void {
  const { header, text } = generation(number);
  distributor.offer(header, text);
}

/** Made of the one before it, whose pool `p` has an endpoint more now. */
export function offerDelta(distributor: Distributor, number: number): void {
  const { header } = generation(number);
  distributor.offerDelta({ header, from: number - 1, text: `delta ${number}`, pools: { changed: [P], removed: ["gone"] } });
}

export const P = { id: "p", endpoints: [{ address: `http://10.0.0.1:80`, tier: "fresh" as const }] };

export function join(distributor: Distributor, worker: string, number: number): void {
  distributor.workerStarted(worker);
  distributor.workerListening(worker, number, 0);
}
