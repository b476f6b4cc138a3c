import { readFileSync } from "node:fs";
import { runProgram } from "../../../src/cli/program.ts";
import { Ledger } from "../../../src/experiment/fault/ledger.ts";

// `die-at-entry.ts before|after|with-watchdog N …`: holdfast, which kills itself with SIGKILL before or after the Nth line of its ledger; the product has
// no such hook. With its watchdog means that nobody is left to put things back.
const [when, nth, ...argv] = process.argv.slice(2);
let lines = 0;
// oxlint-disable-next-line unbound-method -- it is called on its own object below
const { append } = Ledger.prototype;
Ledger.prototype.append = function (this: Ledger, line) {
  lines++;
  if (when === "before" && lines === Number(nth)) die();
  append.call(this, line);
  if (when !== "before" && lines === Number(nth)) die();
};

function die(): void {
  if (when === "with-watchdog") {
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim();
    for (const child of children === "" ? [] : children.split(" ")) process.kill(Number(child), "SIGKILL");
  }
  process.kill(process.pid, "SIGKILL");
  // It comes at the next return to user space at the latest; nothing must be done until then.
  for (;;);
}

await runProgram(argv, undefined);
