import { RunningLoad } from "../process/running-load.ts";

/** A process that has load sent to the URL of its argument, and waits to be killed. */
const load = new RunningLoad({
  plan: { url: process.argv[2] ?? "", rate: 50, duration: "60s" },
  addresses: ["127.0.0.1"],
  seed: 1,
  onNews: () => {},
});
await load.start();
setInterval(() => load.totals, 1000);
