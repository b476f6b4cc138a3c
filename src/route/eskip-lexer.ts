/** Where a token begins, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A piece of eskip text. `sign` is punctuation, `end` the end of the text, `broken` what is no token, with the reason as text. */
export interface Token extends Place {
  readonly kind: "name" | "number" | "string" | "sign" | "end" | "broken";
  readonly text: string;
}

/** Longest string or regular expression, in UTF-16 units. */
export const MAX_STRING = 1024 * 1024;

const SPACE = " \t\r\n\f\v";
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)/y;
const SIGN = /->|&&|[():;,<>*]/y;
const ESCAPES: Readonly<Record<string, string>> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v", "\\": "\\" };

/** Cuts eskip text into tokens, one at a time. It never throws; after a `broken` token it goes on behind it. */
export class Lexer {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): Token {
    this.#skipSpace();
    const text = this.#text;
    const place = { line: this.#line, column: this.#at - this.#lineStart + 1 };
    if (this.#at >= text.length) return { kind: "end", text: "", ...place };
    const head = text[this.#at] as string;
    if (head === '"' || head === "`") return { ...this.#quoted(head), ...place };
    if (head === "/") return { ...this.#regexp(), ...place };
    const name = this.#take(NAME);
    if (name !== undefined) return this.#token("name", name, place);
    const number = this.#take(NUMBER);
    if (number !== undefined) return this.#token("number", number, place);
    const sign = this.#take(SIGN);
    if (sign !== undefined) return this.#token("sign", sign, place);
    const character = String.fromCodePoint(text.codePointAt(this.#at) as number);
    return { ...this.#token("broken", character, place), text: `${JSON.stringify(character)} has no meaning here` };
  }

  #token(kind: Token["kind"], text: string, place: Place): Token {
    this.#at += text.length;
    return { kind, text, ...place };
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0];
  }

  /** A loop, not an expression: engines keep a stack of repetitions, and a text may have millions of comments. */
  #skipSpace(): void {
    const text = this.#text;
    let at = this.#at;
    for (;;) {
      if (text[at] === "/" && text[at + 1] === "/") {
        const newline = text.indexOf("\n", at);
        at = newline < 0 ? text.length : newline;
      } else if (at < text.length && SPACE.includes(text[at] as string)) at++;
      else break;
    }
    this.#skipTo(at);
  }

  /** Moves on, counting lines. */
  #skipTo(end: number): void {
    for (let at = this.#at; at < end; at++) {
      if (this.#text.charCodeAt(at) !== 10) continue;
      this.#line++;
      this.#lineStart = at + 1;
    }
    this.#at = end;
  }

  #quoted(quote: string): Pick<Token, "kind" | "text"> {
    const text = this.#text;
    let value = "";
    let from = this.#at + 1;
    for (let at = from; at < text.length; at++) {
      const character = text[at];
      if (character === quote) {
        this.#skipTo(at + 1);
        return limited(value + text.slice(from, at));
      }
      if (character !== "\\" || at + 1 >= text.length) continue;
      const escaped = text[at + 1] as string;
      const meant = escaped === quote ? quote : ESCAPES[escaped];
      // An unknown escape keeps its backslash: regular expressions stand in strings too.
      value += text.slice(from, at) + (meant ?? `\\${escaped}`);
      at++;
      from = at + 1;
    }
    return this.#unended(`a string begins here and does not end; close it with ${quote}`);
  }

  #regexp(): Pick<Token, "kind" | "text"> {
    const text = this.#text;
    let value = "";
    let inClass = false;
    for (let at = this.#at + 1; at < text.length && text[at] !== "\n"; at++) {
      const character = text[at] as string;
      if (character === "\\" && at + 1 < text.length) {
        at++;
        // As Skipper reads it: a backslash is written twice, so that one is left for the expression.
        value += text[at] === "/" || text[at] === "\\" ? text[at] : `\\${text[at]}`;
        continue;
      }
      if (character === "/" && !inClass) {
        this.#skipTo(at + 1);
        return limited(value);
      }
      if (character === "[") inClass = true;
      else if (character === "]") inClass = false;
      value += character;
    }
    return this.#unended("a regular expression begins here and does not end on this line; close it with /");
  }

  /** What follows an open quote cannot be told from its content, so nothing behind it is read. */
  #unended(reason: string): Pick<Token, "kind" | "text"> {
    this.#skipTo(this.#text.length);
    return { kind: "broken", text: reason };
  }
}

function limited(value: string): Pick<Token, "kind" | "text"> {
  if (value.length <= MAX_STRING) return { kind: "string", text: value };
  return { kind: "broken", text: `a string has at most ${MAX_STRING} characters, this one ${value.length}` };
}
