import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

// Loaded before a router's own code (NODE_OPTIONS=--import): at each SIGUSR2 the process writes its longest event-loop pause and its CPU time
// since the last one to the folder that HOLDFAST_BENCH_PAUSES names, and starts anew. See `Pauses` in live-router.ts.
const folder = process.env["HOLDFAST_BENCH_PAUSES"];
if (folder !== undefined && process.platform !== "win32") {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  let cpu = process.cpuUsage();
  let count = 0;
  process.on("SIGUSR2", () => {
    const { user, system } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    count++;
    // An interval of the sampling timer without any pause lasts as long as its resolution.
    const longestMs = Math.max(0, delay.max / 1e6 - 1);
    const file = `${folder}/${process.pid}`;
    writeFileSync(file, JSON.stringify({ count, longestMs, cpuMs: (user + system) / 1_000, rssBytes: process.memoryUsage().rss }));
    delay.reset();
  });
  writeFileSync(`${folder}/${process.pid}`, JSON.stringify({ count, longestMs: 0, cpuMs: 0, rssBytes: 0 }));
}
