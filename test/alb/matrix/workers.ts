import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Cell, CellResult, Reference } from "./run-cell.ts";
import type { Task } from "./worker.ts";

const FILE = fileURLToPath(new URL("worker.ts", import.meta.url));
/** One that takes longer never ends. */
const CELL_MS = 300_000;

export interface Matrix {
  /** The next one is asked for when a process has nothing to do. */
  readonly cells: Iterable<Cell>;
  readonly references: ReadonlyMap<string, Reference>;
  readonly seed: number;
}

/** Runs cells in so many processes at once, each one after the other; tells each result as it comes. A process that dies costs the cell it was at. */
export async function runCells(
  { cells, references, seed }: Matrix,
  workers: number,
  onResult: (result: CellResult, ms: number) => void,
): Promise<void> {
  const left = cells[Symbol.iterator]();
  const work = async (): Promise<void> => {
    let child: ChildProcess | undefined;
    try {
      for (let next = left.next(); next.done !== true; next = left.next()) {
        const cell = next.value;
        if (child?.connected !== true) child = start(references);
        const startedMs = performance.now();
        onResult(await runIn(child, cell, seed), performance.now() - startedMs);
      }
    } finally {
      child?.kill("SIGKILL");
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
}

function start(references: ReadonlyMap<string, Reference>): ChildProcess {
  const child = fork(FILE, { serialization: "advanced" });
  for (const [name, { from, settled }] of references) child.send({ type: "scenario", name, from, settled } satisfies Task);
  return child;
}

function runIn(child: ChildProcess, cell: Cell, seed: number): Promise<CellResult> {
  return new Promise((resolve) => {
    const end = (result: CellResult): void => {
      clearTimeout(timer);
      child.off("message", end);
      child.off("exit", died);
      resolve(result);
    };
    const died = (code: number | null, signal: string | null): void =>
      end({ cell, met: 1, violations: [`the run ended its process: ${signal ?? `code ${code}`}`] });
    const timer = setTimeout(() => void child.kill("SIGKILL"), CELL_MS);
    child.on("message", end);
    child.on("exit", died);
    child.send({ type: "cell", cell, seed } satisfies Task);
  });
}
