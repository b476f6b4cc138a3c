import type { JsonObject } from "../../document/json.ts";
import type { TlsPlan } from "../plan/load-plan.ts";
import type { Latencies, LoadResult, LoadTotals, SecondResult } from "../record/load-result.ts";

/** What the process that sends load is told. */
export type LoadCommand =
  | {
      readonly do: "start";
      readonly plan: JsonObject;
      readonly addresses: readonly string[];
      readonly seed: number;
      readonly tls: Partial<TlsPlan>;
    }
  | { readonly do: "stop" };

/** What it tells, about once a second and at the end. */
export type LoadMessage =
  | {
      readonly is: "progress";
      readonly settled: readonly SecondResult[];
      readonly unsettled: readonly SecondResult[];
      readonly totals: LoadTotals;
      readonly latencies: Latencies;
    }
  | { readonly is: "result"; readonly result: LoadResult }
  | { readonly is: "failed"; readonly message: string };
