import type { Clock } from "../../kernel/index.ts";

/**
 * Runs something soon after it was called for: when all that arrived together has been seen, and not before `pauseMs` after the run before it ended. Calls
 * until then are one; a call while it runs has it run once more. `run` never rejects.
 */
export function createPacedRun(clock: Clock, pauseMs: number, run: () => Promise<void>): { call(): void } {
  let isCalled = false;
  let isUnderWay = false;
  let notBeforeMs = -Infinity;

  async function start(): Promise<void> {
    isCalled = false;
    await run();
    notBeforeMs = clock.monoMs() + pauseMs;
    isUnderWay = false;
    if (isCalled) call();
  }

  function call(): void {
    isCalled = true;
    if (isUnderWay) return;
    isUnderWay = true;
    const waitMs = notBeforeMs - clock.monoMs();
    if (waitMs > 0) clock.timer(waitMs, () => void start());
    else setImmediate(() => void start());
  }

  return { call };
}
