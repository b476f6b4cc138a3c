import { appendFileSync } from "node:fs";
import type { TestEvent } from "node:test/reporters";
import { relative } from "node:path";

/** A file that takes longer is told, so that whoever wants to make the run shorter knows where. */
const SLOW_MS = 15_000;

/**
 * Prints failures whole and everything else as one line a file; adds a line of JSON with the counts to the file named by
 * HOLDFAST_TEST_COUNTS, from which scripts/test.ts makes the closing line, and the files of which all was heard: each says at its end how many
 * tests it ran. A test that lacks a tool prints `not run: …` itself; those lines are passed on and counted.
 */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const counts = { passed: 0, failed: 0, skipped: 0, notRun: [] as string[], files: [] as string[] };
  const heard = new Map<string, number>();
  const files = new Set<string>();
  const lateOutput: string[] = [];
  for await (const event of events) {
    if ((event.type === "test:pass" || event.type === "test:fail") && event.data.details.type !== "suite" && !isFile(event.data)) {
      const file = entryOf(event.data);
      heard.set(file, (heard.get(file) ?? 0) + 1);
    }
    if (event.type === "test:summary" && event.data.file !== undefined) {
      if (event.data.duration_ms > SLOW_MS)
        yield `slow: ${relative(process.cwd(), event.data.file)} ${(event.data.duration_ms / 1000).toFixed(0)} s\n`;
      if (heard.get(entryOf(event.data)) === event.data.counts.tests) files.add(event.data.file);
    } else if (event.type === "test:pass" && event.data.details.type !== "suite") {
      if (event.data.skip !== undefined || event.data.todo !== undefined) counts.skipped += 1;
      else if (!isFile(event.data)) counts.passed += 1;
    } else if (event.type === "test:fail") {
      const error = event.data.details.error;
      // A suite fails with its tests, which are counted; when it fails by itself (a hook threw) nobody else says so.
      if (event.data.details.type === "suite" && (error as { failureType?: string }).failureType === "subtestsFailed") continue;
      counts.failed += 1;
      yield `FAIL ${event.data.name}\n     ${event.data.file ?? ""}:${event.data.line ?? 0}\n${indent(describe(error))}\n`;
    } else if (event.type === "test:stdout" || event.type === "test:stderr") {
      for (const line of event.data.message.split("\n")) {
        if (line.startsWith("not run: ")) {
          counts.notRun.push(line.slice(9));
          files.add(event.data.file);
        } else if (line.startsWith("measured: ")) yield `${line}\n`;
        else if (line.trim() !== "") lateOutput.push(`${event.data.file}: ${line}`);
      }
    } else if (event.type === "test:diagnostic" && event.data.nesting === 0 && /error|warn/i.test(event.data.level)) {
      yield `     ${event.data.message}\n`;
    }
  }
  if (counts.failed > 0)
    yield `${lateOutput
      .slice(-60)
      .map((line) => `     ${line}`)
      .join("\n")}\n`;
  counts.files = [...files];
  const file = process.env["HOLDFAST_TEST_COUNTS"];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(counts)}\n`);
}

/** A file that registers no failing test passes as a "test" of its own name when it holds no tests; it is not one. */
function isFile(data: { readonly name: string; readonly file?: string | undefined }): boolean {
  return data.file !== undefined && data.file.endsWith(data.name);
}

/** The file that was run: a test may be written in another one. */
function entryOf(data: { readonly file?: string | undefined; readonly entryFile?: string }): string {
  return data.entryFile ?? data.file ?? "";
}

function describe(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `     ${line}`)
    .join("\n");
}
