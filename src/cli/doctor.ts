import { writeFileSync } from "node:fs";
import { arch, cpus, release, totalmem } from "node:os";
import { Command } from "commander";
import { examineHost, whatRowsLack } from "../experiment/index.ts";
import { SCENARIOS, readScenarios } from "./scenario-files.ts";

/** `holdfast doctor`: what experiments can do on this host (docs/reference/doctor.md). */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("What faults can be made on this host, what stands in for the others, and which scenarios cannot be played here.")
    .option("--json <FILE>", "the same for machines; - is standard output")
    .action(async ({ json }: { readonly json?: string }) => {
      const capabilities = examineHost();
      const rows = whatRowsLack(await readScenarios(SCENARIOS), capabilities);
      const host = {
        kernel: release(),
        architecture: arch(),
        processors: cpus().length,
        memoryBytes: totalmem(),
        node: process.version,
        isRoot: process.getuid?.() === 0,
      };
      if (json !== undefined) {
        const text = `${JSON.stringify({ host, capabilities, rows }, null, 2)}\n`;
        if (json === "-") process.stdout.write(text);
        else writeFileSync(json, text);
      }
      if (json === "-") return;
      const lines = capabilities.flatMap(({ name, what, isThere, evidence, standsIn }) => [
        `${isThere ? "yes" : "no "}  ${name.padEnd(20)} ${what}`,
        ...(isThere ? [] : [`       why: ${evidence}`, `       instead: ${standsIn ?? "nothing"}`]),
      ]);
      const lacking = rows.map(({ row, why }) => `${row} cannot be played here: ${why.join("; ")}`);
      process.stdout.write(
        `${[`Linux ${host.kernel}, ${host.processors} processors${host.isRoot ? "" : ", not root"}`, ...lines, ...lacking, ...(lacking.length === 0 ? ["every scenario can be played here"] : [])].join("\n")}\n`,
      );
    });
}
