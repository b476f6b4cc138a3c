import { type Clock, type Random, sleep } from "../../../kernel/index.ts";
import { SHORT_QUEUE_BYTES } from "./classic-toxics.ts";
import { type Piece, PieceQueue, type Taken } from "./piece.ts";
import type { Flow, Pipe, PipeEnd, Toxic } from "./toxic.ts";
import { toxicKind } from "./toxic-kinds.ts";

/** What a stage needs of the connection that it is in. */
export interface StageHost {
  readonly clock: Clock;
  readonly random: Random;
  turns(): number;
  /** The output has ended for good; `reset` throws away what is still under way. */
  closed(how: "close" | "reset"): void;
}

/** One toxic on one direction of one connection: takes from its queue, does what the toxic says, puts into the next one's. */
export class Stage implements Flow {
  readonly input: PieceQueue;
  /** Changed by the link when stages come and go; each `put` looks anew. */
  output: PieceQueue;
  readonly state = { passedBytes: 0 };
  readonly random: Random;
  #toxic: Toxic;
  #pipe: Pipe;
  readonly #host: StageHost;
  #isInterrupted = false;
  #isLeaving = false;
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(toxic: Toxic, output: PieceQueue, host: StageHost) {
    this.input = new PieceQueue(toxicKind(toxic.type)?.queueBytes ?? SHORT_QUEUE_BYTES);
    this.output = output;
    this.#host = host;
    this.random = host.random;
    this.#toxic = toxic;
    this.#pipe = this.#draw(toxic);
  }

  get name(): string {
    return this.#toxic.name;
  }

  /** Runs until the end of the bytes, until the connection is closed, or until it was removed and is empty; `left` is called then. */
  async run(left: () => void): Promise<void> {
    while (!this.#isOver) {
      this.#isInterrupted = this.#isLeaving;
      const end = await (this.#isLeaving ? this.#drain() : this.#pipe(this));
      if (end === "ended") {
        this.#isOver = true;
        this.output.end();
      } else if (end === "interrupted" && this.#isLeaving && this.input.isEmpty) {
        this.#isOver = true;
        if (this.input.hasEnded) this.output.end();
        else left();
      }
    }
  }

  change(toxic: Toxic): void {
    this.#toxic = toxic;
    this.#pipe = this.#draw(toxic);
    this.#interrupt();
  }

  /** What it holds goes on at once, in order; a toxic that threw bytes away closes the connection instead. */
  remove(): void {
    const isTouched = this.#pipe !== passOn;
    if (isTouched && toxicKind(this.#toxic.type)?.closesWhenRemoved === true) this.close("close");
    this.#isLeaving = true;
    this.#interrupt();
  }

  /** The connection is gone. */
  stop(): void {
    this.#isOver = true;
    this.input.drop();
    this.#interrupt();
  }

  async take(atMostMs?: number): Promise<Taken> {
    const untilMs = atMostMs === undefined ? Number.POSITIVE_INFINITY : this.now() + atMostMs;
    for (;;) {
      if (this.#isInterrupted || this.#isOver) return "interrupted";
      const piece = this.input.shift();
      if (piece !== undefined) return piece;
      if (this.input.hasEnded) return "ended";
      const leftMs = untilMs - this.now();
      if (leftMs <= 0) return "waited";
      await this.#pause(leftMs, true);
    }
  }

  async wait(delayMs: number): Promise<void> {
    if (delayMs > 0 && !this.#isInterrupted && !this.#isOver) await this.#pause(delayMs, false);
  }

  async put(piece: Piece): Promise<void> {
    await this.output.put(piece);
  }

  close(how: "close" | "reset"): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.output.end();
    this.input.drop();
    this.#host.closed(how);
    this.#wake?.();
  }

  now(): number {
    return this.#host.clock.monoMs();
  }

  turns(): number {
    return this.#host.turns();
  }

  #draw(toxic: Toxic): Pipe {
    const kind = toxicKind(toxic.type);
    return kind !== undefined && this.#host.random.next() < toxic.toxicity ? kind.pipe(toxic.attributes) : passOn;
  }

  #interrupt(): void {
    this.#isInterrupted = true;
    this.#wake?.();
  }

  async #drain(): Promise<PipeEnd> {
    for (;;) {
      const piece = this.input.shift();
      if (piece === undefined) return "interrupted";
      await this.put(piece);
    }
  }

  /** Until the time is over, the toxic changes or, when asked for, a piece comes. */
  async #pause(delayMs: number, endsWithNews: boolean): Promise<void> {
    const ended = new AbortController();
    const wake = (): void => ended.abort();
    this.#wake = wake;
    if (endsWithNews) this.input.listen(wake);
    // Node takes a longer delay for one of 1 ms.
    const delay = Math.min(delayMs, 2 ** 31 - 1);
    await sleep(this.#host.clock, delay, ended.signal);
    this.#wake = undefined;
    this.input.listen(undefined);
  }
}

const passOn: Pipe = async (flow) => {
  for (;;) {
    const piece = await flow.take();
    if (typeof piece === "string") return piece === "interrupted" ? piece : "ended";
    await flow.put(piece);
  }
};
