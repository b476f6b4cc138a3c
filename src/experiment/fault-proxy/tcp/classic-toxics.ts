import type { Random } from "../../../kernel/index.ts";
import { type Flow, type PipeEnd, type ToxicKind, numberOf } from "./toxic.ts";

/** What may wait in front of most toxics: about one read of a socket. */
export const SHORT_QUEUE_BYTES = 65_536;
/** What may be under way inside a latency: it bounds the throughput of a delayed link to this over the delay. */
export const DELAY_QUEUE_BYTES = 4 * 1024 * 1024;

/** How often a second a narrow link sends. */
const SLICE_MS = 100;

/** The toxics of Toxiproxy 2.12, by its names and with its attributes. Their units are its, too: milliseconds, kilobytes (1000) a second; `delay` of the slicer in microseconds. */
export const CLASSIC_TOXICS: Readonly<Record<string, ToxicKind>> = {
  latency: {
    defaults: { latency: 0, jitter: 0 },
    queueBytes: DELAY_QUEUE_BYTES,
    pipe: (attributes) => async (flow) => {
      for (;;) {
        const piece = await flow.take();
        if (typeof piece === "string") return endOf(piece);
        const jitter = numberOf(attributes, "jitter");
        const delayMs = numberOf(attributes, "latency") + (jitter > 0 ? (flow.random.next() * 2 - 1) * jitter : 0);
        const dueMs = Math.max(piece.atMs + delayMs, piece.atMs);
        await flow.wait(dueMs - flow.now());
        await flow.put({ bytes: piece.bytes, atMs: dueMs });
      }
    },
  },
  bandwidth: {
    defaults: { rate: 0 },
    queueBytes: SHORT_QUEUE_BYTES,
    pipe: (attributes) => (flow) => narrow(flow, numberOf(attributes, "rate")),
  },
  slow_close: {
    defaults: { delay: 0 },
    queueBytes: SHORT_QUEUE_BYTES,
    pipe: (attributes) => async (flow) => {
      for (;;) {
        const piece = await flow.take();
        if (piece === "ended") await flow.wait(numberOf(attributes, "delay"));
        if (typeof piece === "string") return endOf(piece);
        await flow.put(piece);
      }
    },
  },
  timeout: {
    defaults: { timeout: 0 },
    queueBytes: SHORT_QUEUE_BYTES,
    closesWhenRemoved: true,
    pipe: (attributes) => async (flow) => {
      const timeoutMs = numberOf(attributes, "timeout");
      for (;;) {
        const piece = await flow.take(timeoutMs > 0 ? timeoutMs : undefined);
        if (piece === "interrupted") return piece;
        if (piece === "waited" || piece === "ended") return closed(flow, "close");
      }
    },
  },
  reset_peer: {
    defaults: { timeout: 0 },
    queueBytes: SHORT_QUEUE_BYTES,
    pipe: (attributes) => async (flow) => {
      const first = await flow.take();
      if (first === "interrupted") return first;
      await flow.wait(numberOf(attributes, "timeout"));
      return closed(flow, "reset");
    },
  },
  slicer: {
    defaults: { average_size: 0, size_variation: 0, delay: 0 },
    queueBytes: SHORT_QUEUE_BYTES,
    check: (attributes) => (numberOf(attributes, "average_size") >= 1 ? undefined : "average_size must be 1 or more"),
    pipe: (attributes) => async (flow) => {
      const averageBytes = numberOf(attributes, "average_size");
      for (;;) {
        const piece = await flow.take();
        if (typeof piece === "string") return endOf(piece);
        for (const bytes of sliced(piece.bytes, averageBytes, numberOf(attributes, "size_variation"), flow.random)) {
          await flow.put({ bytes, atMs: piece.atMs });
          const delayMs = numberOf(attributes, "delay") / 1000;
          if (delayMs > 0) await flow.wait(delayMs);
        }
      }
    },
  },
  limit_data: {
    defaults: { bytes: 0 },
    queueBytes: SHORT_QUEUE_BYTES,
    pipe: (attributes) => async (flow) => {
      const limitBytes = numberOf(attributes, "bytes");
      for (;;) {
        const piece = await flow.take();
        if (typeof piece === "string") return endOf(piece);
        const bytes = piece.bytes.subarray(0, Math.max(0, limitBytes - flow.state.passedBytes));
        await flow.put({ bytes, atMs: piece.atMs });
        flow.state.passedBytes += bytes.length;
        if (flow.state.passedBytes >= limitBytes) return closed(flow, "close");
      }
    },
  },
};

export function closed(flow: Flow, how: "close" | "reset"): "closed" {
  flow.close(how);
  return "closed";
}

/** What a toxic's loop ends with when there is no piece. */
export function endOf(taken: "ended" | "interrupted" | "waited"): PipeEnd {
  return taken === "interrupted" ? "interrupted" : "ended";
}

/** At a rate of 0 nothing passes, as with Toxiproxy. */
async function narrow(flow: Flow, kilobytesPerS: number): Promise<PipeEnd> {
  const bytesPerMs = Math.max(0, kilobytesPerS);
  let freeAtMs = flow.now();
  for (;;) {
    const piece = await flow.take();
    if (typeof piece === "string") return endOf(piece);
    if (bytesPerMs === 0) {
      await flow.wait(Number.POSITIVE_INFINITY);
      await flow.put(piece);
      continue;
    }
    const sliceBytes = Math.max(1, Math.floor(bytesPerMs * SLICE_MS));
    for (let from = 0; from < piece.bytes.length; from += sliceBytes) {
      const bytes = piece.bytes.subarray(from, from + sliceBytes);
      // Counted from when the link was free, so that timers that are late do not make the link narrower than it was asked to be.
      freeAtMs = Math.max(freeAtMs, flow.now() - SLICE_MS) + bytes.length / bytesPerMs;
      await flow.wait(freeAtMs - flow.now());
      await flow.put({ bytes, atMs: piece.atMs });
    }
  }
}

/** Halved until they are about as long as asked for, each cut moved by up to `variation`. */
function sliced(bytes: Buffer, averageBytes: number, variation: number, random: Random): readonly Buffer[] {
  if (bytes.length <= 1 || bytes.length - averageBytes <= variation) return [bytes];
  const moved = Math.floor(bytes.length / 2) + (variation > 0 ? Math.floor(random.next() * variation * 2) - variation : 0);
  const cut = Math.min(bytes.length - 1, Math.max(1, moved));
  return [
    ...sliced(bytes.subarray(0, cut), averageBytes, variation, random),
    ...sliced(bytes.subarray(cut), averageBytes, variation, random),
  ];
}
