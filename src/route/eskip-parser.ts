import type { Problem } from "../kernel/index.ts";
import { ALGORITHMS, type Algorithm, type Argument, type Backend, type Call, type RouteDefinition } from "./definition.ts";
import { Lexer, type Place, type Token } from "./eskip-lexer.ts";

/** What a text says, as far as it can be read; routes with a problem are left out. */
export interface ParsedEskip {
  readonly routes: readonly RouteDefinition[];
  /** Every problem of the text, first one first, at most 100. */
  readonly problems: readonly Problem[];
  /** Where routes, predicates and filters stand, by the object that stands for them. */
  readonly places: ReadonlyMap<RouteDefinition | Call, Place>;
}

const MAX_TEXT = 64 * 1024 * 1024;
const MAX_PROBLEMS = 100;
/** Predicates, filters, arguments or endpoints in one place. */
const MAX_ITEMS = 10_000;
const KEYWORDS = ["shunt", "loopback", "dynamic", "forward"] as const;

/**
 * Reads eskip text (docs/reference/eskip.md). A mistake costs its own route: reading goes on behind the next `;`.
 * Routes without an id get `unnamed1`, `unnamed2`, … `file` names the text in problems.
 */
export function parseEskip(text: string, file: string): ParsedEskip {
  if (text.length > MAX_TEXT) {
    const message = `the text has ${text.length} characters; at most ${MAX_TEXT} are read, split it`;
    return { routes: [], problems: [{ file, line: 0, column: 0, message }], places: new Map() };
  }
  return new Parser(text, file).document();
}

/** Reads a filter chain, `a("x") -> b(1)`, as annotations and RouteGroups carry it. An empty text is an empty chain. */
export function parseFilterChain(text: string, file: string): { readonly calls: readonly Call[]; readonly problems: readonly Problem[] } {
  return new Parser(text, file).chain("->", "filter");
}

/** Reads predicates, `A("x") && B(1)` or `*`. An empty text is none. */
export function parsePredicates(text: string, file: string): { readonly calls: readonly Call[]; readonly problems: readonly Problem[] } {
  return new Parser(text, file).chain("&&", "predicate");
}

/** Thrown inside the parser only. */
class Unexpected extends Error {
  readonly place: Place;
  constructor(message: string, place: Place) {
    super(message);
    this.place = place;
  }
}

class Parser {
  readonly #lexer: Lexer;
  readonly #file: string;
  readonly #problems: Problem[] = [];
  readonly #places = new Map<RouteDefinition | Call, Place>();
  readonly #routes: RouteDefinition[] = [];
  readonly #ids = new Map<string, Place>();
  #unnamed = 0;
  #token: Token;

  constructor(text: string, file: string) {
    this.#lexer = new Lexer(text);
    this.#file = file;
    this.#token = this.#lexer.next();
  }

  document(): ParsedEskip {
    while (!this.#is("end") && this.#problems.length < MAX_PROBLEMS) {
      if (this.#skipSign(";")) continue;
      try {
        this.#route();
      } catch (thrown) {
        if (!(thrown instanceof Unexpected)) throw thrown;
        this.#report(thrown);
        this.#recover();
      }
    }
    return { routes: this.#routes, problems: this.#problems, places: this.#places };
  }

  chain(separator: string, what: string): { readonly calls: readonly Call[]; readonly problems: readonly Problem[] } {
    const calls: Call[] = [];
    try {
      if (!this.#is("end")) {
        do this.#predicateOrFilter(what, calls);
        while (this.#skipSign(separator));
        if (!this.#is("end")) throw this.#unexpected(`"${separator}" or the end`);
      }
    } catch (thrown) {
      if (!(thrown instanceof Unexpected)) throw thrown;
      this.#report(thrown);
    }
    return { calls: this.#problems.length > 0 ? [] : calls, problems: this.#problems };
  }

  #route(): void {
    const place = { line: this.#token.line, column: this.#token.column };
    const predicates: Call[] = [];
    let id: string | undefined;
    if (this.#is("name")) {
      const name = this.#advance();
      if (this.#skipSign(":")) id = name.text;
      else predicates.push(this.#call(name, "predicate"));
    }
    if (predicates.length === 0 || this.#skipSign("&&")) this.#conjunction(predicates);
    this.#expectSign("->", '"&&" and another predicate, or "->" and a filter or back end');
    const filters: Call[] = [];
    while (this.#is("name")) {
      filters.push(this.#call(this.#advance(), "filter"));
      checkCount(filters, "filters", this.#token);
      this.#expectSign("->", '"->" and another filter or the back end');
    }
    const backend = this.#backend();
    if (!this.#is("end")) this.#expectSign(";", '";" behind the back end');
    this.#add(id, place, { predicates, filters, backend });
  }

  #add(id: string | undefined, place: Place, rest: Omit<RouteDefinition, "id">): void {
    const earlier = id === undefined ? undefined : this.#ids.get(id);
    if (earlier !== undefined) {
      this.#report(new Unexpected(`route "${id}" stands at line ${earlier.line} already; give each route its own id`, place));
      return;
    }
    const route = { id: id ?? this.#unusedId(), ...rest };
    this.#ids.set(route.id, place);
    this.#places.set(route, place);
    this.#routes.push(route);
  }

  #unusedId(): string {
    let id: string;
    do id = `unnamed${++this.#unnamed}`;
    while (this.#ids.has(id));
    return id;
  }

  #conjunction(predicates: Call[]): void {
    do {
      this.#predicateOrFilter("predicate", predicates);
      checkCount(predicates, "predicates", this.#token);
    } while (this.#skipSign("&&"));
  }

  #predicateOrFilter(what: string, calls: Call[]): void {
    if (what === "predicate" && this.#skipSign("*")) return;
    if (!this.#is("name")) throw this.#unexpected(what === "predicate" ? 'a predicate or "*"' : "a filter");
    const call = this.#call(this.#advance(), what);
    if (call.name !== "Any" || call.args.length > 0) calls.push(call);
  }

  #call(name: Token, what: string): Call {
    this.#expectSign("(", `"(" behind the ${what} "${name.text}"`);
    const args: Argument[] = [];
    if (!this.#skipSign(")")) {
      do {
        args.push(this.#argument());
        checkCount(args, "arguments", this.#token);
      } while (this.#skipSign(","));
      this.#expectSign(")", '"," and another argument, or ")"');
    }
    const call = { name: name.text, args };
    this.#places.set(call, { line: name.line, column: name.column });
    return call;
  }

  #argument(): Argument {
    if (this.#is("string")) return this.#advance().text;
    if (this.#is("number")) return Number(this.#advance().text);
    throw this.#unexpected('an argument: a number, "text" or /expression/');
  }

  #backend(): Backend {
    if (this.#is("string")) return { type: "network", address: this.#advance().text };
    this.#expectSign("<", 'a filter, or a back end: "http://HOST:PORT", <shunt> or <"http://HOST:PORT", "http://HOST:PORT">');
    let algorithm: Algorithm = "roundRobin";
    if (this.#is("name")) {
      const word = this.#advance();
      const keyword = KEYWORDS.find((known) => known === word.text);
      if (keyword !== undefined && this.#skipSign(">")) return { type: keyword };
      const known = ALGORITHMS.find((name) => name === word.text);
      if (known === undefined) {
        const words = [...KEYWORDS.map((name) => `<${name}>`), ...ALGORITHMS.map((name) => `<${name}, "http://…">`)];
        throw new Unexpected(`there is no back end <${word.text}>; write one of ${words.join(", ")}`, word);
      }
      algorithm = known;
      this.#expectSign(",", `"," and endpoints behind ${known}`);
    }
    const endpoints: string[] = [];
    do {
      if (!this.#is("string")) throw this.#unexpected('an endpoint as in "http://10.2.3.4:8080"');
      endpoints.push(this.#advance().text);
      checkCount(endpoints, "endpoints", this.#token);
    } while (this.#skipSign(","));
    this.#expectSign(">", '"," and another endpoint, or ">"');
    return { type: "loadBalanced", algorithm, endpoints };
  }

  #advance(): Token {
    const token = this.#token;
    this.#token = this.#lexer.next();
    return token;
  }

  #is(kind: Token["kind"]): boolean {
    return this.#token.kind === kind;
  }

  #isSign(text: string): boolean {
    return this.#is("sign") && this.#token.text === text;
  }

  #skipSign(text: string): boolean {
    if (!this.#isSign(text)) return false;
    this.#advance();
    return true;
  }

  #expectSign(text: string, expected: string): void {
    if (!this.#skipSign(text)) throw this.#unexpected(expected);
  }

  #unexpected(expected: string): Unexpected {
    const token = this.#token;
    if (token.kind === "broken") return new Unexpected(token.text, token);
    const text = token.text.length > 40 ? `${token.text.slice(0, 37)}…` : token.text;
    const got = token.kind === "end" ? "the end of the text" : token.kind === "string" ? JSON.stringify(text) : `"${text}"`;
    return new Unexpected(`expected ${expected}, got ${got}`, token);
  }

  #report(problem: Unexpected): void {
    const { line, column } = problem.place;
    this.#problems.push({ file: this.#file, line, column, message: problem.message });
  }

  #recover(): void {
    while (!this.#is("end") && !this.#isSign(";")) this.#advance();
  }
}

function checkCount(items: readonly unknown[], what: string, place: Place): void {
  if (items.length > MAX_ITEMS) throw new Unexpected(`more than ${MAX_ITEMS} ${what} in one place`, place);
}
