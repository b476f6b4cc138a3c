import { AppError, messageOf } from "../kernel/index.ts";
import type { Filter, FilterContext } from "../route/index.ts";
import { unavailable } from "./decision.ts";
import type { AuthRuntime, DecisionCells } from "./runtime.ts";

/** What one of these filters does with a request; a promise when somebody must be asked. */
export type Judge = (context: FilterContext, runtime: AuthRuntime) => void | Promise<void>;

/**
 * A filter that decides about a request. Without a runtime, where routes are only looked at, it decides nothing and lets nothing pass.
 * What goes wrong in it is answered with 503.
 */
export function decidingFilter(name: string, runtime: AuthRuntime | undefined, judge: Judge): Filter {
  const cells = runtime?.cellsOf(name);
  return {
    request(context) {
      if (runtime === undefined || cells === undefined)
        return Promise.reject(new AppError("AUTH_NO_ROUTER", `${name}: only a router decides`));
      let pending: void | Promise<void>;
      try {
        pending = judge(context, runtime);
      } catch (thrown) {
        pending = Promise.reject(thrown);
      }
      if (pending !== undefined) return finish(name, runtime, cells, context, pending);
      (context.responded ? cells.refused : cells.allowed).add();
      return undefined;
    },
  };
}

async function finish(
  name: string,
  runtime: AuthRuntime,
  cells: DecisionCells,
  context: FilterContext,
  pending: Promise<void>,
): Promise<void> {
  const { signal } = context;
  try {
    await pending;
    if (!signal.aborted) (context.responded ? cells.refused : cells.allowed).add();
  } catch (thrown) {
    cells.unavailable.add();
    tell(runtime, name, thrown);
    if (!signal.aborted) unavailable(context);
  }
}

/** Says why somebody could not be asked, the same thing at most every ten seconds. */
export function tell(runtime: AuthRuntime, name: string, thrown: unknown): void {
  const reason = messageOf(thrown);
  if (!runtime.isNews(`${name} ${reason}`)) return;
  runtime.deps.log.warn({ filter: name, code: thrown instanceof AppError ? thrown.code : "", reason }, "nobody could say who somebody is");
}
