import { type Json, type JsonObject, isList, isObject } from "../../document/json.ts";
import { PlanProblem } from "./plan-problem.ts";

/** Reads fields of an object of a plan, and refuses what nobody reads. All throw {@link PlanProblem}. */
export class PlanFields {
  readonly #value: JsonObject;
  readonly path: readonly (string | number)[];
  readonly #known = new Set<string>();

  constructor(value: Json | undefined, path: readonly (string | number)[]) {
    if (!isObject(value)) throw new PlanProblem(path, "write an object with fields");
    this.#value = value;
    this.path = path;
  }

  at(name: string): readonly (string | number)[] {
    return [...this.path, name];
  }

  get(name: string): Json | undefined {
    this.#known.add(name);
    return this.#value[name] ?? undefined;
  }

  text(name: string): string | undefined {
    const value = this.get(name);
    if (value === undefined || typeof value === "string") return value;
    throw new PlanProblem(this.at(name), `${name}: write a text`);
  }

  flag(name: string): boolean {
    const value = this.get(name) ?? false;
    if (typeof value !== "boolean") throw new PlanProblem(this.at(name), `${name}: write true or false`);
    return value;
  }

  number(name: string, least: number, most: number): number | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof number !== "number" || !(number >= least && number <= most))
      throw new PlanProblem(this.at(name), `${name}: write a number from ${least} to ${most}`);
    return number;
  }

  integer(name: string, least: number, most: number): number | undefined {
    const number = this.number(name, least, most);
    if (number !== undefined && !Number.isInteger(number))
      throw new PlanProblem(this.at(name), `${name}: write a whole number from ${least} to ${most}`);
    return number;
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.text(name);
    const chosen = choices.find((choice) => choice === value);
    if (value !== undefined && chosen === undefined) throw new PlanProblem(this.at(name), `${name}: write one of ${choices.join(", ")}`);
    return chosen;
  }

  /** A list; one value alone is a list of it. */
  list(name: string, most: number): readonly Json[] {
    const value = this.get(name);
    const list = value === undefined ? [] : isList(value) ? value : [value];
    if (list.length > most) throw new PlanProblem(this.at(name), `${name}: at most ${most} of them`);
    return list;
  }

  texts(name: string, most: number): readonly string[] {
    return this.list(name, most).map((entry, index) => {
      if (typeof entry !== "string") throw new PlanProblem([...this.at(name), index], `${name}: write texts`);
      return entry;
    });
  }

  object(name: string): PlanFields {
    return new PlanFields(this.get(name) ?? {}, this.at(name));
  }

  /** Refuses fields that nobody asked for. */
  end(): void {
    const unknown = Object.keys(this.#value).find((name) => !this.#known.has(name));
    if (unknown === undefined) return;
    throw new PlanProblem(this.at(unknown), `${unknown} is not known here; there are ${[...this.#known].sort().join(", ")}`);
  }
}
