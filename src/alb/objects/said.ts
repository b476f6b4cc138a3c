import { isDeepStrictEqual } from "node:util";

import { AppError } from "../../kernel/index.ts";
import type { HealthCheckWishes, ListenPort, LoadBalancerKind, Wishes } from "../model/claim.ts";

/** What an object's annotations say, each field by whichever annotation it is written in. */
export interface Said extends LoadBalancerKind, Required<Omit<Wishes, "healthCheck" | "listenPorts">>, Required<HealthCheckWishes> {
  readonly isShared: boolean;
  readonly group: string;
  readonly order: number;
  readonly certificateArns: readonly string[];
  readonly listenPorts: readonly ListenPort[];
}

/** Kubernetes takes 1024 bytes as the message of an Event, and what follows from the problems stands behind them. */
const MOST_TOLD_LENGTH = 800;

/** Collects what annotations say. Two annotations for the same thing must say the same. */
export class SaidBuilder {
  readonly #said: Partial<Record<keyof Said, unknown>> = {};
  readonly #saidBy = new Map<string, string>();
  readonly #notes: string[] = [];
  readonly #problems: string[] = [];

  /** `key` is the annotation. Throws AppError `ALB_ANNOTATION` when another one says something else. */
  put<Field extends keyof Said>(field: Field, value: Said[Field], key: string): void {
    this.#agree(field, key, this.#said[field], value);
    this.#said[field] = value;
  }

  /** Adds to a map, entry by entry. Throws as {@link put}. */
  add(field: "attributes" | "targetGroupAttributes" | "tags", entries: ReadonlyMap<string, string>, key: string): void {
    const whole = new Map(this.#said[field] as ReadonlyMap<string, string> | undefined);
    for (const [name, value] of entries) {
      this.#agree(`${field} ${name}`, key, whole.get(name), value);
      whole.set(name, value);
    }
    this.#said[field] = whole;
  }

  /** Something is not heeded, which changes nothing for the rest. */
  note(message: string): void {
    this.#notes.push(message);
  }

  /** What `read` answers; undefined when it throws `ALB_ANNOTATION`, which {@link refusal} tells with all others. */
  attempt<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "ALB_ANNOTATION") throw error;
      this.#problems.push(error.message);
      return undefined;
    }
  }

  get hasProblems(): boolean {
    return this.#problems.length > 0;
  }

  /** One AppError `ALB_ANNOTATION` for all that {@link attempt} met, in order. */
  refusal(): AppError {
    const told: string[] = [];
    let length = 0;
    for (const problem of this.#problems) {
      length += problem.length;
      if (told.length > 0 && length > MOST_TOLD_LENGTH) break;
      told.push(problem);
    }
    const more = this.#problems.length - told.length;
    return new AppError("ALB_ANNOTATION", `${told.join("; ")}${more === 0 ? "" : `; and ${more} more`}`);
  }

  get said(): Partial<Said> {
    return this.#said as Partial<Said>;
  }

  get notes(): readonly string[] {
    return this.#notes;
  }

  /** The annotation that said it. */
  saidBy(field: keyof Said): string {
    return this.#saidBy.get(field) ?? field;
  }

  #agree(what: string, key: string, before: unknown, value: unknown): void {
    const saidBy = this.#saidBy.get(what);
    if (saidBy !== undefined && !isDeepStrictEqual(before, value))
      throw new AppError("ALB_ANNOTATION", `annotations ${saidBy} and ${key} contradict each other: leave one of them out`);
    this.#saidBy.set(what, saidBy ?? key);
  }
}
