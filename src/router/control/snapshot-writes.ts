import { type Clock, messageOf, sleep } from "../../kernel/index.ts";
import type { Log } from "../../telemetry/index.ts";
import type { ControlStatus } from "../messages.ts";

/** A disk that hangs must not keep a change from being served: after this long the workers get it all the same. */
const PATIENCE_MS = 2_000;

/** Waits for what is written to the snapshot folder, but not for ever, and says once that it fails. */
export class SnapshotWrites {
  readonly #clock: Clock;
  readonly #log: Log;
  #status: ControlStatus["snapshot"] = { writes: 0, errors: 0 };

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = clock;
    this.#log = log;
  }

  get status(): ControlStatus["snapshot"] {
    return this.#status;
  }

  /** Resolves when it is written (true), failed (told and counted), or after {@link PATIENCE_MS}. */
  async keep(what: string, writing: Promise<void>): Promise<boolean> {
    let isWritten = false;
    const written = writing.then(
      () => {
        isWritten = true;
        if (this.#status.lastError !== undefined) this.#log.info({ what }, "snapshot can be written again");
        this.#status = { writes: this.#status.writes + 1, errors: this.#status.errors, lastWriteAtMs: this.#clock.wallMs() };
      },
      (error: unknown) => this.failed(what, error),
    );
    const patience = new AbortController();
    await Promise.race([written, sleep(this.#clock, PATIENCE_MS, patience.signal)]);
    patience.abort();
    return isWritten;
  }

  failed(what: string, error: unknown): void {
    const reason = messageOf(error);
    if (reason !== this.#status.lastError) this.#log.error({ what, reason }, "snapshot cannot be written, serving goes on without it");
    this.#status = { ...this.#status, errors: this.#status.errors + 1, lastError: reason };
  }
}
