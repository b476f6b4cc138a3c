import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { loadavg } from "node:os";
import { readPlan } from "../src/experiment/load/plan/read-plan.ts";
import type { Histogram } from "../src/experiment/load/record/histogram.ts";
import { histogramOf } from "../src/experiment/load/record/histogram-text.ts";
import type { LoadResult } from "../src/experiment/load/record/load-result.ts";
import { runLoad } from "../src/experiment/load/run-load.ts";
import { seededRandom, systemClock } from "../src/kernel/index.ts";

/**
 * How right the figures of `holdfast load` are: beside those of a server that measures how long it truly took, at several rates; and whether a stall
 * of two seconds is seen in full. Run it on a machine that has nothing else to do: bin/node tools/load-accuracy.ts [RATE…]
 */
const rates = process.argv.slice(2).map(Number);

async function startServer(): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = fork(new URL("load-accuracy/delaying-server.ts", import.meta.url));
  const [port] = (await once(child, "message")) as [number];
  return { child, url: `http://127.0.0.1:${port}` };
}

async function load(url: string, phases: readonly string[]): Promise<LoadResult & { readonly cpu: number }> {
  const { plan } = readPlan({ url, phases });
  const before = process.cpuUsage();
  const startedMs = performance.now();
  const result = await runLoad(plan, {
    clock: systemClock,
    random: seededRandom(1),
    addresses: ["127.0.0.1"],
    signal: new AbortController().signal,
    onProgress: () => {},
  });
  const { user, system } = process.cpuUsage(before);
  return { ...result, cpu: (user + system) / 1000 / (performance.now() - startedMs) };
}

async function timesOf(child: ChildProcess): Promise<Histogram> {
  child.send("tell");
  const [text] = (await once(child, "message")) as [string];
  return histogramOf(text);
}

const at = (histogram: Histogram, percent: number): number => histogram.percentileUs(percent) / 1000;
const ms = (value: number): string => value.toFixed(2).padStart(8);

process.stdout.write(
  `load of this machine before: ${loadavg()
    .map((average) => average.toFixed(1))
    .join(" ")}\n`,
);
process.stdout.write("    rate      right     cpu |   p50: told, true, error |   p99: told, true, error | late p99 (ms)\n");
const { child, url } = await startServer();
await load(url, ["2000/2s"]);
await timesOf(child);
for (const rate of rates.length === 0 ? [200, 2000, 10_000, 20_000] : rates) {
  const { totals, service, lateness, cpu } = await load(url, [`${rate}/10s`]);
  const truth = await timesOf(child);
  const told = histogramOf(service.hdr);
  const columns = [50, 99].map(
    (percent) => `${ms(at(told, percent))} ${ms(at(truth, percent))} ${ms(at(told, percent) - at(truth, percent))}`,
  );
  process.stdout.write(
    `${String(rate).padStart(8)} ${String(totals.ok).padStart(7)}/${totals.sent} ${cpu.toFixed(2).padStart(5)} | ${columns.join(" | ")} | ${ms(lateness.p99Ms ?? 0)}\n`,
  );
}
setTimeout(() => child.kill("SIGSTOP"), 4000);
setTimeout(() => child.kill("SIGCONT"), 6000);
const stalled = await load(url, ["200/10s"]);
const { totals, response, service } = stalled;
process.stdout.write(
  `a stall of 2 s in 10 s at 200 a second: n ${totals.sent}, right ${totals.ok}, p50 ${response.p50Ms}, p90 ${response.p90Ms}, p99 ${response.p99Ms}, max ${response.maxMs} ms`,
);
process.stdout.write(` (from sending: p99 ${service.p99Ms} ms)\n`);
child.kill();
