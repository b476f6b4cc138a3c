import type { Json } from "../document/json.ts";
import { functionStep } from "./json-path-functions.ts";
import {
  type Condition,
  type Step,
  compared,
  descend,
  eachOf,
  element,
  everything,
  field,
  filtered,
  inTurn,
  indirect,
  itself,
  slice,
  theRoot,
} from "./json-path-steps.ts";

const TOKEN = /\s*(?:(\.\.|!=|<=|>=|[$@.*?:,()[\]{}=<>])|("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([_A-Za-z][_A-Za-z0-9]*))/y;
const KEYWORDS: ReadonlySet<string> = new Set(["and", "or", "not", "true", "false", "null"]);
/** Brackets in brackets beyond this are no path, and would take the stack. */
const DEPTH_LIMIT = 100;

/** Reads a path of jsonpath2's grammar (its JSONPath.g4), from left to right. */
export class JsonPathReader {
  readonly #tokens: string[] = [];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    const pattern = new RegExp(TOKEN);
    const end = text.trimEnd().length;
    while (pattern.lastIndex < end) {
      const from = pattern.lastIndex;
      const found = pattern.exec(text);
      if (found === null) throw new SyntaxError(`it cannot be read from character ${from + 1} on`);
      this.#tokens.push(found[0].trimStart());
    }
  }

  /** The whole text as one path from the root. */
  path(): Step {
    this.#expect("$");
    const step = this.#subscripts(theRoot);
    if (this.#at < this.#tokens.length) throw this.#unexpected();
    return step;
  }

  #subscripts(from: Step): Step {
    let step = from;
    for (;;) {
      if (this.#take("..")) step = inTurn(step, descend(this.#peek() === "[" ? this.#bracket() : this.#bareword()));
      else if (this.#take(".")) step = inTurn(step, this.#bareword());
      else if (this.#peek() === "[") step = inTurn(step, this.#bracket());
      else return step;
    }
  }

  #bareword(): Step {
    if (this.#take("*")) return everything;
    const name = this.#next();
    if (!/^[_A-Za-z]/.test(name) || KEYWORDS.has(name)) throw this.#unexpected(-1);
    return this.#peek() === "(" ? this.#call(name) : field(name);
  }

  #call(name: string): Step {
    this.#expect("(");
    const args: Step[] = [];
    while (!this.#take(")")) {
      if (args.length > 0) this.#expect(",");
      args.push(this.#operand());
    }
    const step = functionStep(name, args);
    if (step === undefined) throw new SyntaxError(`there is no function ${name}()`);
    return step;
  }

  #bracket(): Step {
    this.#expect("[");
    const steps = [this.#subscript()];
    while (this.#take(",")) steps.push(this.#subscript());
    this.#expect("]");
    return steps.length === 1 && steps[0] !== undefined ? steps[0] : eachOf(steps);
  }

  #subscript(): Step {
    const token = this.#peek();
    if (this.#take("*")) return everything;
    if (this.#take("?")) {
      this.#expect("(");
      const condition = this.#and();
      this.#expect(")");
      return filtered(condition);
    }
    if (token === "$" || token === "@") return indirect(this.#innerPath());
    if (token.startsWith('"')) return field(this.#next().slice(1, -1));
    if (token === ":") return this.#slice(undefined);
    if (/^-?\d/.test(token)) {
      const index = this.#integer();
      return this.#peek() === ":" ? this.#slice(index) : element(index);
    }
    const name = this.#next();
    if (!/^[_A-Za-z]/.test(name) || KEYWORDS.has(name)) throw this.#unexpected(-1);
    return this.#call(name);
  }

  #slice(from: number | undefined): Step {
    this.#expect(":");
    const to = /^-?\d/.test(this.#peek()) ? this.#integer() : undefined;
    if (!this.#take(":")) return slice(from, to, undefined);
    const by = /^-?\d/.test(this.#peek()) ? this.#integer() : undefined;
    if (by === 0) throw new SyntaxError("a step of 0 leads nowhere");
    return slice(from, to, by);
  }

  #and(): Condition {
    const left = this.#or();
    if (!this.#take("and")) return left;
    const right = this.#and();
    return (root, current) => left(root, current) && right(root, current);
  }

  #or(): Condition {
    const left = this.#not();
    if (!this.#take("or")) return left;
    const right = this.#or();
    return (root, current) => left(root, current) || right(root, current);
  }

  #not(): Condition {
    if (++this.#depth > DEPTH_LIMIT) throw new SyntaxError(`it is nested deeper than ${DEPTH_LIMIT}`);
    try {
      if (this.#take("not")) {
        const inner = this.#not();
        return (root, current) => !inner(root, current);
      }
      if (this.#take("(")) {
        const inner = this.#and();
        this.#expect(")");
        return inner;
      }
      return this.#comparison();
    } finally {
      this.#depth--;
    }
  }

  #comparison(): Condition {
    const isPath = this.#peek() === "$" || this.#peek() === "@";
    const left = this.#operand();
    if (/^(=|!=|<|<=|>|>=)$/.test(this.#peek())) return compared(left, this.#next(), this.#operand());
    // A path is true when it leads anywhere, a value when it is no 0, "" and the like.
    return isPath ? (root, current) => left(root, current).length > 0 : (root, current) => left(root, current).some(Boolean);
  }

  #operand(): Step {
    if (this.#peek() === "$" || this.#peek() === "@") return this.#innerPath();
    const value = this.#value();
    return () => [value];
  }

  #innerPath(): Step {
    if (++this.#depth > DEPTH_LIMIT) throw new SyntaxError(`it is nested deeper than ${DEPTH_LIMIT}`);
    const step = this.#subscripts(this.#next() === "$" ? theRoot : itself);
    this.#depth--;
    return step;
  }

  #value(): Json {
    const token = this.#next();
    if (token === "[" || token === "{") return this.#container(token);
    try {
      return JSON.parse(token) as Json;
    } catch {
      throw this.#unexpected(-1);
    }
  }

  #container(open: string): Json {
    if (++this.#depth > DEPTH_LIMIT) throw new SyntaxError(`it is nested deeper than ${DEPTH_LIMIT}`);
    const close = open === "[" ? "]" : "}";
    const list: Json[] = [];
    const names: string[] = [];
    while (!this.#take(close)) {
      if (list.length > 0) this.#expect(",");
      if (open === "{") {
        names.push(String(JSON.parse(this.#next())));
        this.#expect(":");
      }
      list.push(this.#value());
    }
    this.#depth--;
    return open === "[" ? list : Object.fromEntries(names.map((name, at) => [name, list[at] ?? null]));
  }

  #integer(): number {
    const token = this.#next();
    if (!/^-?\d+$/.test(token)) throw this.#unexpected(-1);
    return Number(token);
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? "";
  }

  #next(): string {
    const token = this.#peek();
    this.#at++;
    if (token === "") throw new SyntaxError("it ends too early");
    return token;
  }

  #take(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw new SyntaxError(`${JSON.stringify(token)} is missing before ${JSON.stringify(this.#peek())}`);
  }

  #unexpected(offset = 0): SyntaxError {
    return new SyntaxError(`${JSON.stringify(this.#tokens[this.#at + offset] ?? "")} cannot stand there`);
  }
}
