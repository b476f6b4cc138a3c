import { AppError } from "../kernel/index.ts";
import type { Engine } from "./engine.ts";

/** A body that a filter wants all of before it is sent. It counts among what all such bodies take until it is let go of. */
export class WholeBody {
  readonly #engine: Pick<Engine, "options" | "wholeBodyBytes">;
  readonly #resolvers = Promise.withResolvers<Uint8Array>();
  #pieces: Buffer[] = [];
  #bytes = 0;
  isComing = true;

  constructor(engine: Pick<Engine, "options" | "wholeBodyBytes">) {
    this.#engine = engine;
  }

  /** All of it. Rejects with AppError ROUTE_BODY_TOO_LONG or ROUTE_BODIES. */
  get promise(): Promise<Uint8Array> {
    return this.#resolvers.promise;
  }

  get pieces(): Buffer[] {
    return this.#pieces;
  }

  take(buffer: Buffer, start: number, end: number): void {
    const { limits } = this.#engine.options;
    const bytes = end - start;
    this.#bytes += bytes;
    this.#engine.wholeBodyBytes += bytes;
    if (this.#bytes > limits.wholeRequestBytes) this.refuse();
    else if (this.#engine.wholeBodyBytes > limits.wholeRequestsBytes)
      this.#giveUp(new AppError("ROUTE_BODIES", "too many bodies are held whole"));
    else this.#pieces.push(Buffer.from(buffer.subarray(start, end)));
  }

  end(): void {
    const all = Buffer.concat(this.#pieces);
    this.#pieces = [all];
    this.isComing = false;
    this.#resolvers.resolve(all);
  }

  /** It is too long. */
  refuse(): void {
    this.#giveUp(new AppError("ROUTE_BODY_TOO_LONG", "the body is longer than one that is held whole"));
  }

  /** Nobody wants it any more. */
  free(): void {
    this.#giveUp(new AppError("ROUTE_BODIES", "the request has ended"));
  }

  #giveUp(why: AppError): void {
    this.#engine.wholeBodyBytes -= this.#bytes;
    this.#bytes = 0;
    this.#pieces = [];
    if (this.isComing) this.#resolvers.reject(why);
    this.isComing = false;
  }
}
