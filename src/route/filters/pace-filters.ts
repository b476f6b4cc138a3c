import { Transform, type TransformCallback } from "node:stream";
import { type Clock, type Random, type Timer, sleep } from "../../kernel/index.ts";
import type { CallArguments } from "../arguments.ts";
import type { Parameter } from "../call-documentation.ts";
import { type Filter, type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";

const family = "Diagnosis";
/** Less than the proxy gives a filter. */
const MOST_MS = 25_000;
const PIECES_PER_SECOND = 10;
const TARPIT_MS = 3_600_000;
const BOUNDED = `A delay is at most ${MOST_MS / 1_000} s, as the proxy ends an exchange whose filter stands still for longer.`;

type Side = "request" | "response";

/** Passes on pieces of at most `pieceBytes` and waits behind each: a time for each byte, or the same for each piece. */
class Paced extends Transform {
  readonly #clock: Clock;
  readonly #pieceBytes: number;
  readonly #delayMsOf: (bytes: number) => number;
  #timer: Timer | undefined = undefined;

  constructor(clock: Clock, pieceBytes: number, delayMsOf: (bytes: number) => number) {
    super();
    this.#clock = clock;
    this.#pieceBytes = pieceBytes;
    this.#delayMsOf = delayMsOf;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (chunk.length === 0) {
      done();
      return;
    }
    const piece = chunk.subarray(0, this.#pieceBytes);
    this.push(piece);
    this.#timer = this.#clock.timer(this.#delayMsOf(piece.length), () => this._transform(chunk.subarray(piece.length), _encoding, done));
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#timer?.cancel();
    done(error);
  }
}

/** An endless trickle of blanks. */
class Trickle extends Transform {
  readonly #clock: Clock;
  readonly #everyMs: number;
  #left: number;
  #timer: Timer | undefined = undefined;

  constructor(clock: Clock, everyMs: number) {
    super();
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#left = Math.ceil(TARPIT_MS / everyMs);
  }

  override _transform(_chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    done();
  }

  override _flush(done: TransformCallback): void {
    if (this.#left-- <= 0) {
      done();
      return;
    }
    this.#timer = this.#clock.timer(this.#everyMs, () => {
      this.push(" ");
      this._flush(done);
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#timer?.cancel();
    done(error);
  }
}

/** Holds one side up for a time that is chosen for each exchange. */
function waiting(side: Side, delayMs: (random: Random) => number): Filter {
  return { [side]: ({ clock, random, signal }: FilterContext) => sleep(clock, Math.min(MOST_MS, delayMs(random)), signal) };
}

function pacing(side: Side, make: (clock: Clock) => Transform): Filter {
  return side === "request"
    ? { request: (context) => context.transformRequest(make(context.clock)) }
    : { response: (context) => context.transformResponse(make(context.clock)) };
}

const duration = (name: string, what: string): Parameter => ({ name, type: "duration", what, range: [0, MOST_MS] });

const SIDES = [
  ["", "response"],
  ["backend", "request"],
] as const;

const throttles = SIDES.flatMap(([prefix, side]): readonly FilterSpec[] => {
  const nameOf = (name: string): string => (prefix === "" ? name : `${prefix}${name[0]?.toUpperCase() ?? ""}${name.slice(1)}`);
  return [
    defineFilter({
      name: nameOf("latency"),
      family,
      does: `delays the ${side}.`,
      parameters: [duration("delay", "for each one")],
      deviations: ["It is held up as a whole, head and body.", BOUNDED],
      create: (args) => waiting(side, constant(args.duration(0))),
    }),
    defineFilter({
      name: nameOf("bandwidth"),
      family,
      does: `limits how fast the body of the ${side} passes.`,
      parameters: [{ name: "rate", type: "number", what: "in KiB a second", range: [1, 10_000_000] }],
      create(args) {
        const bytesPerSecond = args.number(0) * 1024;
        const pieceBytes = Math.ceil(bytesPerSecond / PIECES_PER_SECOND);
        return pacing(side, (clock) => new Paced(clock, pieceBytes, (bytes) => (bytes * 1_000) / bytesPerSecond));
      },
    }),
    defineFilter({
      name: nameOf("chunks"),
      family,
      does: `passes the body of the ${side} in pieces, with a delay behind each.`,
      parameters: [
        { name: "size", type: "number", what: "of a piece in bytes", range: [1, 1_073_741_824] },
        duration("delay", "behind each"),
      ],
      deviations: [BOUNDED],
      create(args) {
        const pieceBytes = Math.trunc(args.number(0));
        const delayMs = args.duration(1);
        return pacing(side, (clock) => new Paced(clock, pieceBytes, () => delayMs));
      },
    }),
  ];
});

function constant(ms: number): () => number {
  return () => ms;
}

function uniform(args: CallArguments): (random: Random) => number {
  const [mean, delta] = [args.duration(0), args.duration(1)];
  return (random) => Math.max(0, mean + (random.next() * 2 - 1) * delta);
}

/** Box and Muller's way from two even chances to one of the normal distribution. */
function normal(args: CallArguments): (random: Random) => number {
  const [mean, deviation] = [args.duration(0), args.duration(1)];
  return (random) => {
    const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
    return Math.max(0, mean + deviation * radius * Math.cos(2 * Math.PI * random.next()));
  };
}

function histogram(args: CallArguments): (random: Random) => number {
  const buckets: { readonly from: number; readonly to: number; readonly weight: number }[] = [];
  for (let at = 1; at < args.length; at += 2) {
    const bucket = { from: args.duration(at - 1), weight: args.number(at), to: args.duration(at + 1) };
    if (bucket.to <= bucket.from) throw args.refusal("durations that grow");
    buckets.push(bucket);
  }
  const total = buckets.reduce((sum, { weight }) => sum + weight, 0);
  if (!(total > 0)) throw args.refusal("a weight over 0");
  return (random) => {
    let left = random.next() * total;
    const bucket = buckets.find(({ weight }) => (left -= weight) < 0) ?? buckets.at(-1);
    return bucket === undefined ? 0 : bucket.from + random.next() * (bucket.to - bucket.from);
  };
}

const distributed = (["request", "response"] as const).flatMap((side): readonly FilterSpec[] => {
  const suffix = side === "request" ? "RequestLatency" : "ResponseLatency";
  return [
    defineFilter({
      name: `uniform${suffix}`,
      family,
      does: `delays the ${side} by a time that is as likely as any other between \`mean - delta\` and \`mean + delta\`.`,
      parameters: [duration("mean", "of all"), duration("delta", "to either side")],
      deviations: [BOUNDED],
      create: (args) => waiting(side, uniform(args)),
    }),
    defineFilter({
      name: `normal${suffix}`,
      family,
      does: `delays the ${side} by a time of the normal distribution.`,
      parameters: [duration("mean", "of all"), duration("deviation", "standard deviation")],
      deviations: [BOUNDED],
      create: (args) => waiting(side, normal(args)),
    }),
    defineFilter({
      name: `histogram${suffix}`,
      family,
      does: `delays the ${side} by a time of a distribution that is given in steps, as in \`("0ms", 50, "5ms", 50, "10ms")\`.`,
      parameters: [
        duration("from", "where the first step begins"),
        { name: "weight", type: "number", what: "of a step", occurs: "repeated", range: [0, 1_000_000] },
        { ...duration("to", "where it ends and the next one begins"), occurs: "repeated" },
      ],
      deviations: [BOUNDED],
      create: (args) => waiting(side, histogram(args)),
    }),
  ];
});

function absorb(name: string): FilterSpec {
  return defineFilter({
    name,
    family,
    does: "answers 200 without a body; the request's is thrown away.",
    parameters: [],
    deviations: ["A body over 64 KiB is not read: the connection ends behind the answer. Nothing is logged."],
    create: () => ({ request: (context) => context.respond(200, [], new Uint8Array(0)) }),
  });
}

/** Filters that make things slow, for seeing what that does. */
export const paceFilters: readonly FilterSpec[] = [
  ...throttles,
  ...distributed,
  absorb("absorb"),
  absorb("absorbSilent"),
  defineFilter({
    name: "tarpit",
    family,
    does: "answers 200 and then a blank at a time, for as long as the client stays; no back end is asked.",
    parameters: [{ ...duration("every", "time between two of them"), range: [1, MOST_MS] }],
    deviations: ["It ends after an hour.", BOUNDED],
    create(args) {
      const everyMs = args.duration(0);
      return {
        request: (context) => context.respond(200, [], new Uint8Array(0)),
        response: (context) => context.transformResponse(new Trickle(context.clock, everyMs)),
      };
    },
  }),
];
