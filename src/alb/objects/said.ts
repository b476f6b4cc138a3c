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

/** Collects what annotations say. Two annotations for the same thing must say the same. */
export class SaidBuilder {
  readonly #said: Partial<Record<keyof Said, unknown>> = {};
  readonly #saidBy = new Map<string, string>();
  readonly #notes: string[] = [];

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
