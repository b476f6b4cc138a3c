import { SHORT_QUEUE_BYTES, closed, endOf } from "./classic-toxics.ts";
import { type Attributes, type ToxicKind, numberOf } from "./toxic.ts";

const LOSSES: ReadonlySet<unknown> = new Set(["hang", "close", "reset"]);

/** Toxics that Toxiproxy has not. */
export const OWN_TOXICS: Readonly<Record<string, ToxicKind>> = {
  /** The request gets through and is done; its answer does not come. */
  lose_answer: {
    defaults: { probability: 1, how: "reset" },
    queueBytes: SHORT_QUEUE_BYTES,
    closesWhenRemoved: true,
    check: (attributes) =>
      checkProbability(attributes) ?? (LOSSES.has(attributes["how"]) ? undefined : 'how must be "hang", "close" or "reset"'),
    pipe: (attributes) => async (flow) => {
      let turns = -1;
      let isLost = false;
      for (;;) {
        const piece = await flow.take();
        if (typeof piece === "string") return endOf(piece);
        if (!isLost && turns !== flow.turns()) {
          turns = flow.turns();
          isLost = flow.random.next() < numberOf(attributes, "probability");
          const how = attributes["how"];
          if (isLost && (how === "close" || how === "reset")) return closed(flow, how);
        }
        if (!isLost) await flow.put(piece);
      }
    },
  },
  /** One byte of each `every` is another one than was sent. */
  corrupt: {
    defaults: { every: 10_000 },
    queueBytes: SHORT_QUEUE_BYTES,
    check: (attributes) => (numberOf(attributes, "every") >= 1 ? undefined : "every must be 1 or more: one byte of so many is changed"),
    pipe: (attributes) => async (flow) => {
      const every = numberOf(attributes, "every");
      let victim = Math.floor(flow.random.next() * every);
      let windowStart = flow.state.passedBytes;
      for (;;) {
        const piece = await flow.take();
        if (typeof piece === "string") return endOf(piece);
        const bytes = Buffer.from(piece.bytes);
        const start = flow.state.passedBytes;
        flow.state.passedBytes += bytes.length;
        while (windowStart + victim < flow.state.passedBytes) {
          const at = windowStart + victim - start;
          // Never 0: a byte that stays as it was is not a fault.
          bytes[at] = (bytes[at] ?? 0) ^ (1 + Math.floor(flow.random.next() * 255));
          windowStart += every;
          victim = Math.floor(flow.random.next() * every);
        }
        await flow.put({ bytes, atMs: piece.atMs });
      }
    },
  },
  /** Accepts, and reads nothing: what a stopped process looks like. */
  half_open: {
    defaults: {},
    queueBytes: 1,
    pipe: () => async (flow) => {
      await flow.wait(Number.POSITIVE_INFINITY);
      return "interrupted";
    },
  },
};

export function checkProbability(attributes: Attributes): string | undefined {
  const probability = numberOf(attributes, "probability");
  return probability >= 0 && probability <= 1 ? undefined : "probability must be between 0 and 1";
}
