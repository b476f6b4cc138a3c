import { AppError, type Clock } from "../../kernel/index.ts";
import { type ControlRoute, Ring } from "../control/index.ts";
import { authorityIn } from "./acm/request.ts";
import { machineRoutes } from "./ec2/machine-routes.ts";
import { parseFaultRule } from "./faults/parse-fault.ts";
import type { CallRecord } from "./front/aws-front.ts";
import type { LabAws } from "./lab-aws.ts";

/** How many calls are remembered. */
const CALLS_LIMIT = 10_000;

/** A call as `GET /calls` tells it. */
export interface TimedCall extends CallRecord {
  readonly sequence: number;
  /** Unix milliseconds. */
  readonly atMs: number;
}

/** Remembers what was called, for `GET /calls`. */
export class CallLog {
  readonly #ring = new Ring<TimedCall>(CALLS_LIMIT);
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(call: CallRecord): void {
    this.#ring.add({ ...call, sequence: this.#ring.added, atMs: this.#clock.wallMs() });
  }

  since(sequence: number): { readonly calls: readonly TimedCall[]; readonly next: number } {
    return { calls: this.#ring.since(sequence), next: this.#ring.added };
  }
}

/** The operations beside the endpoint: what was called, faults, and what befalls machines (docs/reference/lab-aws.md). */
export function controlRoutes(aws: LabAws, calls: CallLog, clock: Clock): readonly ControlRoute[] {
  return [
    {
      method: "GET",
      path: "/calls",
      handle: ({ query }) => {
        const since = Number(query.get("since") ?? 0);
        if (!Number.isFinite(since)) throw new AppError("LAB_AWS_BAD_REQUEST", "since: must be a number in the query");
        return calls.since(since);
      },
    },
    {
      method: "GET",
      path: "/faults",
      handle: () => ({
        faults: aws.faults
          .witness()
          .map(({ rule, ...seen }) => ({ ...rule, count: Number.isFinite(rule.count) ? rule.count : 0, ...seen })),
      }),
    },
    {
      method: "POST",
      path: "/faults",
      handle: ({ body }) => {
        const rule = parseFaultRule(body);
        aws.faults.remove(rule.id);
        aws.faults.add(rule);
      },
    },
    {
      method: "DELETE",
      path: "/faults/:id",
      handle: ({ params }) => {
        const id = params.get("id") ?? "";
        if (!aws.faults.remove(id)) throw new AppError("LAB_AWS_FAULT_NOT_FOUND", `no fault ${id}; GET /faults lists what there is`);
      },
    },
    { method: "DELETE", path: "/faults", handle: () => aws.faults.clear() },
    { method: "GET", path: "/certificate-authority", handle: () => ({ certificate: authorityIn(aws.store.now) ?? null }) },
    { method: "GET", path: "/load-balancers", handle: () => ({ loadBalancers: aws.names() }) },
    ...machineRoutes(aws.store, clock),
  ];
}
