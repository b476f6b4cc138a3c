import { type Json, type JsonObject, isEmpty, isList, isObject } from "../document/json.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { pythonText } from "../values/substitute.ts";
import { type Parameters, REQUIRED } from "./parameters.ts";

/** The arguments of one call, with defaults where nothing was given. What has the wrong type fails the activity, as it does in Python. */
export class Given {
  readonly #values: JsonObject;

  constructor(given: JsonObject, parameters: Parameters) {
    const values: Record<string, Json> = {};
    for (const [name, fallback] of Object.entries(parameters)) {
      const value = given[name];
      values[name] = value === undefined ? (fallback === REQUIRED ? null : fallback) : value;
    }
    this.#values = values;
  }

  /** Whether the function has this parameter. */
  has(name: string): boolean {
    return Object.hasOwn(this.#values, name);
  }

  value(name: string): Json {
    return this.#values[name] ?? null;
  }

  /** Undefined for what is absent, and for what Python takes for false. */
  optionalText(name: string): string | undefined {
    const value = this.value(name);
    return isEmpty(value) ? undefined : pythonText(value);
  }

  /** As Python writes it into a text. */
  written(name: string): string {
    return pythonText(this.value(name));
  }

  text(name: string): string {
    const value = this.value(name);
    if (value === null || isList(value) || isObject(value)) throw this.#wrong(name, "a text");
    return pythonText(value);
  }

  number(name: string): number {
    const value = this.value(name);
    if (typeof value !== "number") throw this.#wrong(name, "a number");
    return value;
  }

  flag(name: string): boolean {
    return !isEmpty(this.value(name));
  }

  object(name: string): JsonObject {
    const value = this.value(name);
    if (!isObject(value)) throw this.#wrong(name, "an object");
    return value;
  }

  list(name: string): readonly Json[] {
    const value = this.value(name);
    if (!isList(value)) throw this.#wrong(name, "a list");
    return value;
  }

  #wrong(name: string, wanted: string): ActivityFailed {
    return new ActivityFailed(`argument '${name}' is ${JSON.stringify(this.value(name))}, and not ${wanted}`);
  }
}
