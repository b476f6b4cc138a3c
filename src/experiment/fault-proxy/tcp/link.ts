import type { Socket } from "node:net";
import { SHORT_QUEUE_BYTES } from "./classic-toxics.ts";
import { PieceQueue } from "./piece.ts";
import { Stage, type StageHost } from "./stage.ts";
import type { Toxic } from "./toxic.ts";

export interface LinkHost extends StageHost {
  /** So many bytes came in, or went out. */
  received(bytes: number): void;
  sent(bytes: number): void;
}

/** One direction of one connection: from a socket through the toxics, in the order in which they were set, to the other socket. */
export class Link {
  readonly #source: Socket;
  readonly #target: Socket;
  readonly #host: LinkHost;
  readonly #last = new PieceQueue(SHORT_QUEUE_BYTES);
  #first: PieceQueue = this.#last;
  #stages: Stage[] = [];
  #isStopped = false;

  constructor(source: Socket, target: Socket, toxics: readonly Toxic[], host: LinkHost) {
    this.#source = source;
    this.#target = target;
    this.#host = host;
    for (const toxic of toxics) this.add(toxic);
  }

  /** Lets the bytes flow. */
  start(): void {
    this.#source.on("data", (bytes: Buffer) => {
      this.#host.received(bytes.length);
      const room = this.#first.put({ bytes, atMs: this.#host.clock.monoMs() });
      if (room === undefined) return;
      this.#source.pause();
      void room.then(() => this.#source.resume());
    });
    this.#source.on("end", () => this.#first.end());
    this.#source.resume();
    void this.#write();
  }

  /** A new toxic comes last: what is already behind the others goes before what it will get. */
  add(toxic: Toxic): void {
    const stage = new Stage(toxic, this.#last, this.#host);
    const previous = this.#stages.at(-1);
    if (previous === undefined) this.#first = stage.input;
    else previous.output = stage.input;
    this.#stages.push(stage);
    void stage.run(() => this.#splice(stage));
  }

  change(toxic: Toxic): void {
    this.#stages.findLast(({ name }) => name === toxic.name)?.change(toxic);
  }

  remove(name: string): void {
    this.#stages.findLast((stage) => stage.name === name)?.remove();
  }

  stop(): void {
    this.#isStopped = true;
    for (const stage of this.#stages) stage.stop();
    this.#last.drop();
  }

  #splice(stage: Stage): void {
    const at = this.#stages.indexOf(stage);
    const previous = this.#stages[at - 1];
    if (previous === undefined) this.#first = stage.output;
    else previous.output = stage.output;
    this.#stages = this.#stages.filter((other) => other !== stage);
  }

  async #write(): Promise<void> {
    while (!this.#isStopped) {
      const piece = this.#last.shift();
      if (piece !== undefined) {
        this.#host.sent(piece.bytes.length);
        if (!this.#target.write(piece.bytes)) await drained(this.#target);
      } else if (this.#last.hasEnded) {
        this.#target.end();
        return;
      } else {
        await new Promise<void>((resolve) => this.#last.listen(resolve));
        this.#last.listen(undefined);
      }
    }
  }
}

function drained(socket: Socket): Promise<void> {
  if (socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done);
      socket.off("close", done);
      resolve();
    };
    socket.on("drain", done);
    socket.on("close", done);
  });
}
