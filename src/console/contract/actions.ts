/** One thing the page can do. */
export interface ActionView {
  /** `[a-z][a-z0-9-]*`; the last part of `POST /api/actions/NAME`. */
  readonly name: string;
  /** On the button: `Flood with pods`. */
  readonly label: string;
  /** What it will do, one line. */
  readonly description: string;
  /** `break` and `change` have a button in the panel; `put-back` is offered at its fault; `held` in the drawer of a held removal. */
  readonly kind: "break" | "change" | "put-back" | "held";
  readonly enabled: boolean;
  /** Why it can't be done now; `null` when enabled. */
  readonly whyNot: string | null;
  /** The action that undoes it; `null` when nothing has to. */
  readonly putBack: string | null;
  /** What it can be done to; empty when it takes no target. For `held` the target is the held removal's id. */
  readonly targets: readonly { readonly value: string; readonly label: string }[];
}

/** The names of the two actions in a held removal's drawer; kind `held`, target = its id. */
export const HELD_APPROVE = "held-approve";
export const HELD_REJECT = "held-reject";

/** What the owner of the console can do; implemented by the lab's orchestrator. */
export interface ConsoleActions {
  /** In the order of the buttons; called for every frame, so it must be cheap. */
  list(): readonly ActionView[];
  /**
   * Does it. Resolves when the thing is under way (not when its effects are over) with one line for people:
   * `Killed router-naive on node-2 (pid 4211).` Throws AppError with one line when it could not. The server has
   * checked that the action exists, is enabled, and that `target` is one of its targets (for kind `held`: is held).
   */
  run(name: string, target: string | null): Promise<string>;
}
