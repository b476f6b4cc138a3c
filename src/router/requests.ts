import type { Clock } from "../kernel/index.ts";

/** Questions to child processes: each gets a number, and the answer with that number or, after a bound, none. */
export interface Requests {
  /** Calls `send` with the number. Resolves to the answer, or to undefined when it could not be sent or nothing came in time. */
  ask<Answer>(send: (id: number) => boolean): Promise<Answer | undefined>;
  answer(id: number, value: unknown): void;
}

const ANSWER_LIMIT_MS = 2_000;

/** Nothing is kept for a question once it is answered or given up. */
export function createRequests(clock: Clock): Requests {
  const open = new Map<number, (value: unknown) => void>();
  let last = 0;
  return {
    ask<Answer>(send: (id: number) => boolean) {
      const id = ++last;
      return new Promise<Answer | undefined>((resolve) => {
        const settle = (value: unknown): void => {
          timer.cancel();
          open.delete(id);
          resolve(value as Answer | undefined);
        };
        const timer = clock.timer(ANSWER_LIMIT_MS, () => settle(undefined));
        open.set(id, settle);
        if (!send(id)) settle(undefined);
      });
    },
    answer(id, value) {
      open.get(id)?.(value);
    },
  };
}
