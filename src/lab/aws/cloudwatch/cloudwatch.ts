import { AwsError } from "../wire/aws-error.ts";
import { integer, requiredText, structures, text } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";
import { readServiceModel } from "../wire/service-model.ts";
import type { AwsService, Read } from "../world/actions.ts";
import { pageOf } from "../world/paging.ts";

/** What is asked for of one metric. */
export interface MetricQuery {
  /** `AWS/ApplicationELB` */
  readonly namespace: string;
  /** `RequestCount` */
  readonly name: string;
  readonly dimensions: ReadonlyMap<string, string>;
  /** Unix milliseconds; the first is in it, the second is not. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface MetricSample {
  readonly atMs: number;
  readonly value: number;
}

/** What was reported of a metric; nothing where nothing was, as for load balancers without requests. */
export type MetricSource = (query: MetricQuery) => readonly MetricSample[];

const MOST_QUERIES = 500;
const USUAL_POINTS = 100_800;

/** What a statistic makes of the samples of a period, of which there is at least one. */
const STATISTICS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  Sum: (values) => values.reduce((sum, value) => sum + value, 0),
  Maximum: (values) => Math.max(...values),
  Minimum: (values) => Math.min(...values),
  SampleCount: (values) => values.length,
  Average: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
};

interface Point {
  readonly series: number;
  readonly atMs: number;
  readonly value: number;
}

/** Metrics by their names, statistics and periods; no expressions. */
function getMetricData(source: MetricSource): Read {
  return (_world, { input }) => {
    const queries = structures(input, "MetricDataQueries") ?? [];
    if (queries.length > MOST_QUERIES) throw invalid(`The collection MetricDataQueries must not have a size greater than ${MOST_QUERIES}.`);
    if (new Set(queries.map((query) => requiredText(query, "Id"))).size < queries.length)
      throw invalid("The values for parameter id in MetricDataQueries are not unique.");
    const fromMs = (input["StartTime"] as Date).getTime();
    const toMs = (input["EndTime"] as Date).getTime();
    if (fromMs >= toMs) throw invalid("The parameter StartTime must be less than the parameter EndTime.");
    const isAscending = text(input, "ScanBy") === "TimestampAscending";
    const points = queries.flatMap((query, series) => pointsOf(query, source, fromMs, toMs).map((point) => ({ ...point, series })));
    const sortKey = ({ series, atMs }: Point): string =>
      `${String(series).padStart(3, "0")} ${String(isAscending ? atMs : Number.MAX_SAFE_INTEGER - atMs).padStart(16, "0")}`;
    const found = pageOf<Point>(points, sortKey, {
      size: integer(input, "MaxDatapoints") ?? USUAL_POINTS,
      token: text(input, "NextToken"),
      refusal: () => new AwsError("InvalidNextToken", "The next token specified is invalid."),
    });
    const rest = found.next === undefined ? undefined : found.page.at(-1)?.series;
    const results = queries.map((query, series) => {
      const own = found.page.filter((point) => point.series === series);
      return {
        Id: requiredText(query, "Id"),
        Label: text(query, "Label") ?? metricOf(query).name,
        Timestamps: own.map(({ atMs }) => new Date(atMs)),
        Values: own.map(({ value }) => value),
        StatusCode: rest !== undefined && series >= rest ? "PartialData" : "Complete",
      };
    });
    return { MetricDataResults: results, Messages: [], ...(found.next === undefined ? {} : { NextToken: found.next }) };
  };
}

/** Amazon CloudWatch, version 2010-08-01: reads what the source says. The SDK speaks JSON to it, older CLIs the Query protocol. */
export function cloudwatch(source: MetricSource): readonly AwsService[] {
  const reads = { GetMetricData: getMetricData(source) };
  return (["json", "query"] as const).map((protocol) => ({ model: readServiceModel("cloudwatch", [protocol]), reads, writes: {} }));
}

function pointsOf(query: Fields, source: MetricSource, fromMs: number, toMs: number): readonly Omit<Point, "series">[] {
  const { namespace, name, dimensions, periodMs, statistic } = metricOf(query);
  const join = Object.hasOwn(STATISTICS, statistic) ? STATISTICS[statistic] : undefined;
  if (join === undefined) throw invalid(`The value ${statistic} for parameter Stat is not supported.`);
  const samples = source({ namespace, name, dimensions, fromMs, toMs });
  const periods = Map.groupBy(samples, ({ atMs }) => Math.floor(atMs / periodMs) * periodMs);
  return [...periods].map(([atMs, held]) => ({ atMs, value: join(held.map(({ value }) => value)) }));
}

function metricOf(query: Fields): {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: ReadonlyMap<string, string>;
  readonly periodMs: number;
  readonly statistic: string;
} {
  const wanted = query["MetricStat"] as Fields | undefined;
  if (wanted === undefined) throw invalid("The lab's CloudWatch knows MetricStat alone, no expressions.");
  const metric = wanted["Metric"] as Fields;
  const period = integer(wanted, "Period") ?? 0;
  if (![1, 5, 10, 30].includes(period) && period % 60 !== 0)
    throw invalid(`The parameter Period must be 1, 5, 10, 30, or a multiple of 60; it is ${period}.`);
  const dimensions = (structures(metric, "Dimensions") ?? []).map(
    (one) => [requiredText(one, "Name"), requiredText(one, "Value")] as const,
  );
  return {
    namespace: text(metric, "Namespace") ?? "",
    name: text(metric, "MetricName") ?? "",
    dimensions: new Map(dimensions),
    periodMs: period * 1000,
    statistic: requiredText(wanted, "Stat"),
  };
}

function invalid(message: string): AwsError {
  return new AwsError("ValidationError", message);
}
