import { type Clock, type Random, assertNever } from "../kernel/index.ts";

/**
 * When a circuit opens and closes.
 *
 *   closed --failures reach the share--> open --time passed--> halfOpen --probe succeeds--> closed
 *                                          ^------------ probe fails ----------'
 */
export interface CircuitOptions {
  /** Failures and successes older than this are forgotten. */
  readonly windowMs: number;
  /** The circuit opens only after this many calls in the window. */
  readonly minimumCalls: number;
  /** It opens when at least this share of them (0 to 1) failed. */
  readonly failureShare: number;
  /** Time open before the first probe; doubles with every probe that fails, up to `openCapMs`; the real time is 50 to 100 % of it. */
  readonly openMs: number;
  readonly openCapMs: number;
}

export type CircuitState = "closed" | "open" | "halfOpen";

type State =
  | { readonly name: "closed" }
  | { readonly name: "open"; readonly untilMs: number; readonly openings: number }
  | { readonly name: "halfOpen"; readonly openings: number };

/** What became of a call: `neutral` says nothing about the server (it was cancelled, or refused for a reason of the caller's). */
export type CircuitOutcome = "success" | "failure" | "neutral";

/** Stops calling a server that is failing, and tries it again with one call at a time. */
export interface CircuitBreaker {
  /** Asks leave to call; every `true` must be followed by one `record`. */
  admit(): boolean;
  /** Tells what became of an admitted call. */
  record(outcome: CircuitOutcome): void;
  readonly state: CircuitState;
  /** Milliseconds until a probe is let through; 0 when one is now. */
  retryInMs(): number;
}

const BUCKETS = 10;

/** `onChange` is called at every change of state, with the new one. */
export function createCircuitBreaker(
  options: CircuitOptions,
  deps: { readonly clock: Clock; readonly random: Random; readonly onChange?: (state: CircuitState) => void },
): CircuitBreaker {
  const { clock, random } = deps;
  const bucketMs = options.windowMs / BUCKETS;
  let buckets: { readonly index: number; failures: number; calls: number }[] = [];
  let state: State = { name: "closed" };
  let probing = false;

  const become = (next: State): void => {
    const changed = next.name !== state.name;
    state = next;
    if (changed) deps.onChange?.(next.name);
  };
  const open = (openings: number): void => {
    const ceilingMs = Math.min(options.openCapMs, options.openMs * 2 ** Math.min(openings, 30));
    buckets = [];
    become({ name: "open", untilMs: clock.monoMs() + ceilingMs * (0.5 + random.next() / 2), openings });
  };
  const count = (failed: boolean): { failures: number; calls: number } => {
    const index = Math.floor(clock.monoMs() / bucketMs);
    buckets = buckets.filter((bucket) => bucket.index > index - BUCKETS);
    let current = buckets.at(-1);
    if (current?.index !== index) {
      current = { index, failures: 0, calls: 0 };
      buckets.push(current);
    }
    current.calls++;
    if (failed) current.failures++;
    return buckets.reduce((sum, bucket) => ({ failures: sum.failures + bucket.failures, calls: sum.calls + bucket.calls }), {
      failures: 0,
      calls: 0,
    });
  };

  return {
    admit() {
      if (state.name === "open" && clock.monoMs() >= state.untilMs) become({ name: "halfOpen", openings: state.openings });
      switch (state.name) {
        case "closed":
          return true;
        case "open":
          return false;
        case "halfOpen":
          if (probing) return false;
          probing = true;
          return true;
        default:
          return assertNever(state);
      }
    },
    record(outcome) {
      switch (state.name) {
        case "closed": {
          if (outcome === "neutral") return;
          const { failures, calls } = count(outcome === "failure");
          if (calls >= options.minimumCalls && failures >= calls * options.failureShare) open(0);
          return;
        }
        case "halfOpen":
          probing = false;
          if (outcome === "success") become({ name: "closed" });
          else if (outcome === "failure") open(state.openings + 1);
          return;
        case "open":
          return; // a call admitted before it opened
        default:
          assertNever(state);
      }
    },
    get state() {
      return state.name;
    },
    retryInMs() {
      return state.name === "open" ? Math.max(0, state.untilMs - clock.monoMs()) : 0;
    },
  };
}
