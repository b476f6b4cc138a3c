import { Transform, type TransformCallback } from "node:stream";
import { AppError } from "../../kernel/index.ts";
import type { CallArguments } from "../arguments.ts";
import type { Parameter } from "../call-documentation.ts";
import { type Filter, type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";
import { removeHeader } from "../header-list.ts";
import type { LinearRegexp } from "../regexp.ts";
import { ContentSearch } from "./content-search.ts";

const family = "Bodies";
const USUAL_BUFFER = 2 * 1024 * 1024;
const MOST_BUFFER = 64 * 1024 * 1024;

interface Edit {
  readonly expression: LinearRegexp;
  readonly replacement: string;
  /** What ends a piece that is edited by itself; undefined: the whole body is one. */
  readonly delimiter: Buffer | undefined;
  readonly maxBytes: number;
  /** What becomes of a piece over `maxBytes`: an error, or it is edited in parts. */
  readonly isAborting: boolean;
}

/** Collects pieces of the body and replaces in each what the expression matches. */
class Editor extends Transform {
  readonly #edit: Edit;
  #collected: Buffer[] = [];
  #bytes = 0;

  constructor(edit: Edit) {
    super();
    this.#edit = edit;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const { delimiter, maxBytes, isAborting } = this.#edit;
    this.#collected.push(chunk);
    this.#bytes += chunk.length;
    if (delimiter !== undefined) this.#cut(delimiter);
    if (this.#bytes > maxBytes) {
      if (isAborting) {
        done(new Error(`the body has over ${maxBytes} bytes to edit together`));
        return;
      }
      this.#give(Buffer.concat(this.#collected));
      this.#collected = [];
      this.#bytes = 0;
    }
    done();
  }

  override _flush(done: TransformCallback): void {
    if (this.#bytes > 0) this.#give(Buffer.concat(this.#collected));
    done();
  }

  /** Gives what stands in front of the last delimiter, piece by piece. */
  #cut(delimiter: Buffer): void {
    // Only the end of what was there before can be the beginning of a delimiter.
    const all = this.#collected.length === 1 ? (this.#collected[0] as Buffer) : Buffer.concat(this.#collected);
    let from = 0;
    for (let at = all.indexOf(delimiter); at >= 0; at = all.indexOf(delimiter, from)) {
      this.#give(all.subarray(from, at));
      this.push(delimiter);
      from = at + delimiter.length;
    }
    this.#collected = from === all.length ? [] : [all.subarray(from)];
    this.#bytes = all.length - from;
  }

  #give(piece: Buffer): void {
    const { expression, replacement } = this.#edit;
    if (piece.length === 0) return;
    const text = piece.toString("utf8");
    // What is not UTF-8 would not come out as it went in.
    if (Buffer.byteLength(text) !== piece.length || text.includes("\ufffd")) this.push(piece);
    else this.push(Buffer.from(expression.replaceAll(text, replacement)));
  }
}

function editor(args: CallArguments, isRequest: boolean, hasDelimiter: boolean): Filter {
  const delimiter = hasDelimiter ? Buffer.from(args.text(2)) : undefined;
  if (delimiter?.length === 0) throw args.refusal("a delimiter that is not empty");
  const at = hasDelimiter ? 3 : 2;
  const maxBytes = args.length > at ? Math.trunc(args.number(at)) : USUAL_BUFFER;
  const handling = args.optionalText(at + 1) ?? "best-effort";
  if (handling !== "abort" && handling !== "best-effort") throw args.refusal('"abort" or "best-effort"');
  const edit: Edit = { expression: args.expression(0), replacement: args.text(1), delimiter, maxBytes, isAborting: handling === "abort" };
  if (isRequest) return { request: (context) => context.transformRequest(new Editor(edit)) };
  return {
    response(context: FilterContext) {
      removeHeader(context.responseHeaders, "etag");
      removeHeader(context.responseHeaders, "accept-ranges");
      context.transformResponse(new Editor(edit));
    },
  };
}

const pattern: Parameter = { name: "pattern", type: "expression", what: "what is replaced" };
const replacement: Parameter = { name: "replacement", type: "text", what: "`$1`, `${1}` and `${name}` stand for groups" };
const rest: readonly Parameter[] = [
  {
    name: "maxBuffer",
    type: "number",
    what: `bytes that are collected for matching; left out: ${USUAL_BUFFER}`,
    occurs: "optional",
    range: [1, MOST_BUFFER],
  },
  {
    name: "overflow",
    type: "text",
    what: "what becomes of a longer one: `abort`, or `best-effort` to look at it in parts (left out)",
    occurs: "optional",
  },
];
const delimiter: Parameter = {
  name: "delimiter",
  type: "text",
  what: "where the body is cut into the pieces that are looked at; it stays",
};
const DEVIATIONS = [
  "The body, or the piece up to the delimiter, is collected before it is looked at, also for expressions without an end; parts that are not UTF-8 pass as they are.",
];

const editFamily = (["sed", "sedRequest"] as const).flatMap((name): readonly FilterSpec[] => {
  const isRequest = name === "sedRequest";
  const what = isRequest ? "request" : "response";
  return [
    defineFilter({
      name,
      family,
      does: `replaces what an expression matches in the body of the ${what}.`,
      parameters: [pattern, replacement, ...rest],
      deviations: DEVIATIONS,
      create: (args) => editor(args, isRequest, false),
    }),
    defineFilter({
      name: `${name}Delim`,
      family,
      does: `replaces what an expression matches in the body of the ${what}, piece by piece.`,
      parameters: [pattern, replacement, delimiter, ...rest],
      deviations: DEVIATIONS,
      create: (args) => editor(args, isRequest, true),
    }),
  ];
});

/** Lets the body pass as long as it does not hold one of the words; what could be the beginning of one waits. */
class Blocker extends Transform {
  readonly #search: ContentSearch;

  constructor(words: readonly Buffer[]) {
    super();
    this.#search = new ContentSearch(words);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const passed = this.#search.take(chunk);
    if (passed === undefined) done(new AppError("ROUTE_CONTENT_BLOCKED", "the request body holds what the route blocks"));
    else done(null, passed);
  }

  override _flush(done: TransformCallback): void {
    done(null, this.#search.rest);
  }
}

function blocker(args: CallArguments, words: readonly Buffer[]): Filter {
  if (words.some((word) => word.length === 0)) throw args.refusal("words that are not empty");
  return { request: (context) => context.transformRequest(new Blocker(words)) };
}

const BLOCK_DEVIATIONS = ["The whole body is looked at, not only its first 2 MiB; no byte of a match reaches the back end."];

/** Filters that change or judge what is in a body. */
export const editFilters: readonly FilterSpec[] = [
  ...editFamily,
  defineFilter({
    name: "blockContent",
    family,
    does: "answers 400 to a request whose body holds one of these words.",
    parameters: [{ name: "word", type: "text", what: "as it stands in the body", occurs: "repeated" }],
    deviations: BLOCK_DEVIATIONS,
    create: (args) =>
      blocker(
        args,
        args.texts().map((word) => Buffer.from(word)),
      ),
  }),
  defineFilter({
    name: "blockContentHex",
    family,
    does: "answers 400 to a request whose body holds one of these byte sequences.",
    parameters: [{ name: "bytes", type: "text", what: "hexadecimal", occurs: "repeated" }],
    deviations: BLOCK_DEVIATIONS,
    create(args) {
      const words = args.texts();
      if (!words.every((word) => /^(?:[0-9A-Fa-f]{2})+$/.test(word))) throw args.refusal("an even number of hexadecimal digits");
      return blocker(
        args,
        words.map((word) => Buffer.from(word, "hex")),
      );
    },
  }),
];
