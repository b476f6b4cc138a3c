import assert from "node:assert/strict";
import { test } from "node:test";
import { type TestAccount, testAccount } from "../testing/test-account.ts";
import { at, listAt, textAt } from "../testing/xml.ts";
import type { MetricQuery, MetricSample } from "./cloudwatch.ts";

const START_MS = 1_700_000_100_000;
const MINUTE_MS = 60_000;

/** Each minute of ten the number of the minute; of RequestCount alone. */
const metrics = ({ name, fromMs, toMs }: MetricQuery): readonly MetricSample[] =>
  name !== "RequestCount"
    ? []
    : Array.from({ length: 10 }, (_, minute) => ({ atMs: START_MS + minute * MINUTE_MS, value: minute })).filter(
        ({ atMs }) => atMs >= fromMs && atMs < toMs,
      );

function asked(
  account: TestAccount,
  wanted: { readonly name?: string; readonly stat?: string; readonly period?: number },
  more: object = {},
) {
  const { name = "RequestCount", stat = "Sum", period = 300 } = wanted;
  const metric = { Namespace: "AWS/ApplicationELB", MetricName: name, Dimensions: [{ Name: "LoadBalancer", Value: "app/shop/1" }] };
  return account.call("monitoring", "GetMetricData", {
    MetricDataQueries: [{ Id: "a", MetricStat: { Metric: metric, Period: period, Stat: stat } }],
    StartTime: START_MS / 1000,
    EndTime: (START_MS + 10 * MINUTE_MS) / 1000,
    ...more,
  });
}

test("samples are put together by periods and statistics, the newest first", async (t) => {
  const account = await testAccount(t, { metrics });
  const values = async (stat: string, more: object = {}): Promise<readonly unknown[]> =>
    listAt((await asked(account, { stat }, more)).body, "MetricDataResults", 0, "Values");
  assert.deepEqual(await values("Sum"), [35, 10]);
  assert.deepEqual(await values("Maximum"), [9, 4]);
  assert.deepEqual(await values("Average", { ScanBy: "TimestampAscending" }), [2, 7]);
  assert.equal((await asked(account, { stat: "p99" })).code, "ValidationError");
  assert.equal((await asked(account, { period: 90 })).code, "ValidationError");
  assert.equal((await asked(account, {}, { EndTime: START_MS / 1000 })).code, "ValidationError");
});

test("a metric of which nothing was reported has no values, and says that this is all", async (t) => {
  const account = await testAccount(t, { metrics });
  const result = at((await asked(account, { name: "ProcessedBytes" })).body, "MetricDataResults", 0);
  assert.deepEqual([at(result, "Values"), at(result, "Timestamps"), at(result, "StatusCode")], [[], [], "Complete"]);
});

test("data comes page by page, and says so", async (t) => {
  const account = await testAccount(t, { metrics });
  const { body } = await asked(account, {}, { MaxDatapoints: 1 });
  assert.deepEqual(
    [listAt(body, "MetricDataResults", 0, "Values"), textAt(body, "MetricDataResults", 0, "StatusCode")],
    [[35], "PartialData"],
  );
  const { body: rest } = await asked(account, {}, { MaxDatapoints: 1, NextToken: textAt(body, "NextToken") });
  assert.deepEqual(
    [listAt(rest, "MetricDataResults", 0, "Values"), textAt(rest, "MetricDataResults", 0, "StatusCode")],
    [[10], "Complete"],
  );
});
