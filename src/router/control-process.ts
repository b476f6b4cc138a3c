import type { ChildProcess } from "node:child_process";

import type { Clock, Random } from "../kernel/index.ts";
import { type ChildExit, type SupervisedChild, superviseChild } from "./child.ts";
import type { ControlConfig, ControlStatus, FromControl, ToControl } from "./messages.ts";

interface ControlProcessDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly fork: () => ChildProcess;
  readonly config: () => ControlConfig;
  readonly onMessage: (message: FromControl) => void;
  readonly onExit: (exit: ChildExit) => void;
}

/** The control process, started again whenever it dies, and what it said last of itself. */
export class ControlProcess {
  readonly #deps: ControlProcessDeps;
  #child: SupervisedChild<ToControl> | undefined;
  #status: ControlStatus | undefined;
  #heardAtMs: number;

  constructor(deps: ControlProcessDeps) {
    this.#deps = deps;
    this.#heardAtMs = deps.clock.monoMs();
  }

  /** Undefined until it is started. */
  get child(): SupervisedChild<ToControl> | undefined {
    return this.#child;
  }

  /** Since it said anything, or since the router started. */
  get silentForMs(): number {
    return this.#deps.clock.monoMs() - this.#heardAtMs;
  }

  /** What it said last of how it stands; undefined before it did. */
  get status(): ControlStatus | undefined {
    return this.#status;
  }

  start(): void {
    const deps = this.#deps;
    this.#child = superviseChild<ToControl, FromControl>(
      {
        fork: deps.fork,
        config: deps.config,
        onStart: () => {},
        onMessage: (message) => {
          this.#heardAtMs = deps.clock.monoMs();
          if (message.type === "status") this.#status = message.status;
          deps.onMessage(message);
        },
        onExit: deps.onExit,
      },
      deps,
    );
  }

  /** False when it is not there to take it. */
  send(message: ToControl): boolean {
    return this.#child?.send(message) ?? false;
  }

  /** Ends it at once: it has nothing to finish. */
  async kill(): Promise<void> {
    await this.#child?.stop("SIGKILL");
  }
}
