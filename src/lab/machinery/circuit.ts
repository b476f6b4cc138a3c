import type { CircuitOptions } from "../../call/index.ts";

/** The lab's clients stop calling an API server that fails, but look again within two seconds: it dies and returns all the time here. */
export const LAB_CIRCUIT: CircuitOptions = Object.freeze({
  windowMs: 10_000,
  minimumCalls: 10,
  failureShare: 0.5,
  openMs: 500,
  openCapMs: 2_000,
});
