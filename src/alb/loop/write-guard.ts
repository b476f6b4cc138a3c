import type { Leader } from "../../kube/index.ts";
import { AsyncLocalStorage } from "node:async_hooks";
import { abortReason } from "../../call/index.ts";

/**
 * Says whether something may be written at this very moment: this process leads, and what asks was not told to end. Each reconcile asks for itself: one
 * that was abandoned, and goes on because it hears of it late, stays refused while its successor writes.
 */
export class WriteGuard {
  readonly #scope = new AsyncLocalStorage<AbortSignal>();
  readonly #leader: Pick<Leader, "guard">;

  constructor(leader: Pick<Leader, "guard">) {
    this.#leader = leader;
  }

  /** What `work` and all that it calls may write, until `signal` aborts. Inside of another, both must allow it. */
  within<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const outer = this.#scope.getStore();
    return this.#scope.run(outer === undefined ? signal : AbortSignal.any([outer, signal]), work);
  }

  /** The fencing token. Throws AppError `KUBE_NOT_LEADER`, or why the work has to end. */
  readonly check = (): number => {
    const signal = this.#scope.getStore();
    if (signal?.aborted === true) throw abortReason(signal);
    return this.#leader.guard();
  };
}
