/** The fencing token while this process may write; throws AppError `KUBE_NOT_LEADER` otherwise. */
export type Guard = () => number;

/** The calls of one step: each write asks the guard first, and the last call is remembered, because a failure has to name it. */
export class StepCalls {
  readonly #guard: Guard;
  #lastAction: string | undefined;
  #writes = 0;

  constructor(guard: Guard) {
    this.#guard = guard;
  }

  /** As IAM names it: `elasticloadbalancing:CreateLoadBalancer`. Undefined before the first. */
  get lastAction(): string | undefined {
    return this.#lastAction;
  }

  /** How many writes were begun; some may have been done though they failed. */
  get writes(): number {
    return this.#writes;
  }

  read<T>(action: string, run: () => Promise<T>): Promise<T> {
    this.#lastAction = action;
    return run();
  }

  async write<T>(action: string, run: () => Promise<T>): Promise<T> {
    this.#guard();
    this.#lastAction = action;
    this.#writes++;
    return run();
  }
}
