import type * as sdk from "@aws-sdk/client-cloudwatch";
import { AppError } from "../../kernel/index.ts";
import { incomplete } from "../answer-fields.ts";
import { type Paging, type Service, tokenIn } from "../service.ts";

/** Unix milliseconds. CloudWatch has the last minutes late: end some before now. */
export interface TimeWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What passed through a load balancer in a window. Undefined is not known, and not zero. */
export interface Traffic {
  /** Requests; of a network load balancer new flows. */
  readonly requestCount: number | undefined;
  /** Connections that were open, added up over the window's minutes; of an application load balancer. */
  readonly activeConnectionCount: number | undefined;
  /** The most flows that were open at once; of a network load balancer. */
  readonly activeFlowCount: number | undefined;
  readonly processedBytes: number | undefined;
}

interface Series {
  readonly id: string;
  /** `PartialData` on all pages of a series but its last. */
  readonly status: string;
  readonly values: readonly number[];
  readonly times: ReadonlySet<number>;
}

const PERIOD_SECONDS = 300;
/**
 * The metrics of both kinds of load balancer (guides, "CloudWatch metrics"). Those of traffic are reported only where there is some, so that
 * nothing reported could also mean that CloudWatch lost it: ConsumedLCUs is always reported, and says for which times it is whole.
 */
const METRICS = {
  app: {
    namespace: "AWS/ApplicationELB",
    asked: {
      requestCount: ["RequestCount", "Sum"],
      activeConnectionCount: ["ActiveConnectionCount", "Sum"],
      processedBytes: ["ProcessedBytes", "Sum"],
    },
  },
  net: {
    namespace: "AWS/NetworkELB",
    asked: {
      requestCount: ["NewFlowCount", "Sum"],
      activeFlowCount: ["ActiveFlowCount", "Maximum"],
      processedBytes: ["ProcessedBytes", "Sum"],
    },
  },
} as const;
const WITNESS = "ConsumedLCUs";

/** Amazon CloudWatch: whether anybody still uses a load balancer. */
export class CloudWatchApi {
  readonly #service: Service<sdk.CloudWatch>;

  constructor(service: Service<sdk.CloudWatch>) {
    this.#service = service;
  }

  /** Of the whole periods of five minutes within the window. */
  async traffic(loadBalancerArn: string, window: TimeWindow): Promise<Traffic> {
    const periodMs = PERIOD_SECONDS * 1000;
    const fromMs = Math.ceil(window.fromMs / periodMs) * periodMs;
    const toMs = Math.floor(window.toMs / periodMs) * periodMs;
    const { kind, dimension } = dimensionOf(loadBalancerArn);
    const { namespace, asked } = METRICS[kind];
    const metrics: readonly (readonly [id: string, name: string, statistic: string])[] = [
      ...Object.entries(asked).map(([id, [name, statistic]]) => [id, name, statistic] as const),
      ["witness", WITNESS, "Sum"],
    ];
    const queries = metrics.map(([Id, MetricName, Stat]) => ({
      Id,
      MetricStat: {
        Metric: { Namespace: namespace, MetricName, Dimensions: [{ Name: "LoadBalancer", Value: dimension }] },
        Period: PERIOD_SECONDS,
        Stat,
      },
    }));
    const series = fromMs < toMs ? await this.#series(queries, fromMs, toMs) : new Map<string, readonly Series[]>();
    const periods = Math.max(1, (toMs - fromMs) / periodMs);
    const witnessed = new Set((series.get("witness") ?? []).flatMap(({ times }) => [...times])).size >= periods;
    const total = (id: string, join: (one: number, other: number) => number): number | undefined => {
      const found = series.get(id) ?? [];
      if (!witnessed || !isWhole(found)) return undefined;
      return found.flatMap(({ values }) => values).reduce(join, 0);
    };
    const add = (one: number, other: number): number => one + other;
    return {
      requestCount: total("requestCount", add),
      activeConnectionCount: total("activeConnectionCount", add),
      activeFlowCount: total("activeFlowCount", (one, other) => Math.max(one, other)),
      processedBytes: total("processedBytes", add),
    };
  }

  async #series(queries: sdk.MetricDataQuery[], fromMs: number, toMs: number): Promise<ReadonlyMap<string, readonly Series[]>> {
    let page = 0;
    const pages: Paging<Series & { readonly page: number }> = {
      entries: "MetricDataResults",
      read: (fields) => {
        const values = fields.numbers("Values");
        const times = fields.times("Timestamps");
        if (values.length !== times.length) throw incomplete("GetMetricData", `has ${values.length} values for ${times.length} times`);
        return { id: fields.text("Id"), status: fields.text("StatusCode"), values, times: new Set(times), page };
      },
      // A series goes on over pages.
      keyOf: (entry) => `${entry.id} ${entry.page}`,
      next: tokenIn("NextToken"),
    };
    const input = { MetricDataQueries: queries, StartTime: new Date(fromMs), EndTime: new Date(toMs) };
    const all = await this.#service.list("GetMetricData", pages, async (client, NextToken, options) => {
      page++;
      return client.getMetricData({ ...input, NextToken }, options);
    });
    return Map.groupBy(all, ({ id }) => id);
  }
}

function isWhole(series: readonly Series[]): boolean {
  return series.at(-1)?.status === "Complete" && series.every(({ status }) => status === "Complete" || status === "PartialData");
}

/** The value of the dimension LoadBalancer: the ARN's end. */
function dimensionOf(arn: string): { readonly kind: "app" | "net"; readonly dimension: string } {
  const [, dimension, kind] = /:loadbalancer\/((app|net)\/[\w-]+\/\w+)$/.exec(arn) ?? [];
  if (dimension === undefined) throw new AppError("AWS_REFUSED", `${arn} is not the ARN of an application or network load balancer`);
  return { kind: kind === "net" ? "net" : "app", dimension };
}
