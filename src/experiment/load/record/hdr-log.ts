import type { LoadResult } from "./load-result.ts";
import { histogramOf } from "./histogram-text.ts";

/** The response times of each second as a log of HdrHistogram (format 1.3), in microseconds; maxima are in milliseconds. */
export function hdrLog({ startedAt, seconds }: Pick<LoadResult, "startedAt" | "seconds">): string {
  const startMs = Date.parse(startedAt);
  const lines = seconds.map(({ at, response }) => {
    const maxMs = histogramOf(response).maxUs / 1000;
    return `${((Date.parse(at) - startMs) / 1000).toFixed(3)},1.000,${maxMs.toFixed(3)},${response}`;
  });
  return `${[
    "#[Logged with holdfast load]",
    "#[Histogram log format version 1.3]",
    `#[StartTime: ${(startMs / 1000).toFixed(3)} (seconds since epoch), ${startedAt}]`,
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    ...lines,
  ].join("\n")}\n`;
}
