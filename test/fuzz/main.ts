import { parseArgs } from "node:util";
import { fuzz, reportOf } from "./fuzz.ts";

// `npm run fuzz -- --minutes 10 [--seed 7]`: the wire parser beside llhttp. What it finds is printed with its seed and bytes.
const { values } = parseArgs({ options: { minutes: { type: "string", default: "1" }, seed: { type: "string" } } });
const minutes = Number(values.minutes);
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
if (!(minutes > 0) || !Number.isInteger(seed)) {
  process.stderr.write("give --minutes a number over 0 and --seed a whole number\n");
  process.exit(2);
}
process.stdout.write(`seed ${seed}, ${minutes} minutes\n`);
const { counts, failure } = fuzz(seed, minutes * 60);
process.stdout.write(reportOf(counts));
if (failure !== undefined) {
  process.stdout.write(`${failure}\n`);
  process.exitCode = 1;
}
