import { RE2JS } from "re2js";
import type { Json } from "../document/json.ts";
import { PythonTypeError, typeName } from "../values/python-order.ts";

export interface Pattern {
  /** Python's `re.search`. Throws {@link PythonTypeError} for what is no text. */
  isIn(value: Json): boolean;
}

/**
 * A regular expression as Python's `re` reads it. RE2 reads nearly all of them, in linear time; look-around and back-references it does not know
 * are left to JavaScript's own engine. Throws SyntaxError with Python's words where we know them.
 */
export function compilePattern(text: string): Pattern {
  const matches = compile(text);
  return {
    isIn(value) {
      if (typeof value !== "string") throw new PythonTypeError(`expected string or bytes-like object, got '${typeName(value)}'`);
      return matches(value);
    },
  };
}

function compile(text: string): (value: string) => boolean {
  try {
    const compiled = RE2JS.compile(text.replaceAll(String.raw`\Z`, String.raw`\z`));
    return (value) => compiled.matcher(value).find();
  } catch (error) {
    try {
      const compiled = new RegExp(toJavaScript(text), "u");
      return (value) => compiled.test(value);
    } catch {
      throw new SyntaxError(pythonMessage(error instanceof Error ? error.message : String(error)), { cause: error });
    }
  }
}

function toJavaScript(text: string): string {
  return text
    .replaceAll("(?P<", "(?<")
    .replaceAll(/\(\?P=(\w+)\)/g, String.raw`\k<$1>`)
    .replaceAll(String.raw`\A`, "^")
    .replaceAll(String.raw`\Z`, "$");
}

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/missing closing \)/, "missing ), unterminated subpattern"],
  [/unexpected \)/, "unbalanced parenthesis"],
  [/missing closing \]/, "unterminated character set"],
  [/missing argument to repetition/, "nothing to repeat"],
  [/invalid nested repetition/, "multiple repeat"],
  [/trailing backslash/, "bad escape (end of pattern)"],
];

function pythonMessage(message: string): string {
  return WORDS.find(([re2]) => re2.test(message))?.[1] ?? message;
}
