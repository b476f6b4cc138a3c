import type { Random } from "../../../kernel/index.ts";
import type { Piece, Taken } from "./piece.ts";

export type StreamName = "upstream" | "downstream";

/** What a toxic does on one direction of one connection. It lives until it is told `ended` or `interrupted`, or closes the connection. */
export interface Flow {
  /** The next piece; `waited` after `atMostMs` without one. */
  take(atMostMs?: number): Promise<Taken>;
  /** Waits; ends early when the toxic is changed or removed. Nothing that was taken may be lost then: put it and take on. */
  wait(delayMs: number): Promise<void>;
  /** Sends on, and waits while the other side does not read. */
  put(piece: Piece): Promise<void>;
  /** Sends what was put, then closes both sides; with `reset` it throws away what was put and resets them. */
  close(how: "close" | "reset"): void;
  now(): number;
  readonly random: Random;
  /** How often the bytes changed direction: an answer begins when it was seen to grow. */
  turns(): number;
  /** What this toxic counted on this connection; it stays when the attributes are changed. */
  readonly state: { passedBytes: number };
}

/** Why a toxic's loop ended. */
export type PipeEnd = "ended" | "interrupted" | "closed";

export type Pipe = (flow: Flow) => Promise<PipeEnd>;

export type Attributes = Readonly<Record<string, number | string>>;

/** A kind of toxic: its attributes with the value each has when it is not given, and what it does. */
export interface ToxicKind {
  readonly defaults: Attributes;
  /** How much may wait in front of it: what is delayed must not stop what comes after. */
  readonly queueBytes: number;
  /** Removing it closes the connection: bytes were thrown away, so what followed would make no sense. */
  readonly closesWhenRemoved?: boolean;
  /** What is wrong with the attributes, in a few words. */
  check?(attributes: Attributes): string | undefined;
  pipe(attributes: Attributes): Pipe;
}

/** A toxic as it is set on a proxy. `toxicity` is the share of connections that it touches. */
export interface Toxic {
  readonly name: string;
  readonly type: string;
  readonly stream: StreamName;
  readonly toxicity: number;
  readonly attributes: Attributes;
}

export function numberOf(attributes: Attributes, name: string): number {
  const value = attributes[name];
  return typeof value === "number" ? value : 0;
}
