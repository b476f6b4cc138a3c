import { Transform, type TransformCallback } from "node:stream";
import { AppError } from "../../kernel/index.ts";
import type { CallArguments } from "../arguments.ts";
import { type Filter, type FilterSpec, defineFilter } from "../filter.ts";
import { removeHeader, setHeader } from "../header-list.ts";

const family = "Answers";
const MAX_INLINE = 1024 * 1024;
const MAX_REPEATED = 16 * 1024 * 1024;
const LETTERS = Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");

interface Content {
  readonly type: string;
  readonly body: Uint8Array;
}

function readContent(args: CallArguments, at: number): Content {
  const text = args.text(at);
  const body = new TextEncoder().encode(text);
  if (body.length > MAX_INLINE) throw new AppError("ROUTE_ARGUMENT", `inline content has at most ${MAX_INLINE} bytes, this ${body.length}`);
  const type = args.optionalText(at + 1) ?? typeOf(text);
  if (!/^[\x20-\x7e]+$/.test(type)) throw args.refusal("a content type of printable characters");
  return { type, body };
}

function typeOf(text: string): string {
  return /^\s*<(!doctype html|html|head|body)\b/i.test(text) ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
}

const text = { name: "text", type: "text", what: `up to ${MAX_INLINE} bytes of UTF-8` } as const;
const type = {
  name: "type",
  type: "text",
  what: "Content-Type; left out: HTML if the text begins so, else plain text",
  occurs: "optional",
} as const;

function repeat(args: CallArguments, bytes: Buffer, contentType: string): Filter {
  const size = Math.trunc(args.number(1));
  if (bytes.length === 0) throw args.refusal("something to repeat");
  // Made for the first request and then shared by all: a body per request would be memory for clients to fill.
  let body: Buffer | undefined;
  return {
    request(context) {
      body ??= Buffer.alloc(size, bytes);
      context.respond(200, ["Content-Type", contentType], body);
    },
  };
}

function bytesOf(args: CallArguments, at: number): Buffer {
  const hex = args.text(at);
  if (!/^(?:[0-9A-Fa-f]{2})*$/.test(hex)) throw args.refusal("an even number of hexadecimal digits");
  return Buffer.from(hex, "hex");
}

/** Puts bytes before and behind what passes. */
class Wrap extends Transform {
  #prefix: Buffer | undefined;
  readonly #suffix: Buffer;

  constructor(prefix: Buffer, suffix: Buffer) {
    super();
    this.#prefix = prefix;
    this.#suffix = suffix;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#begin();
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    this.#begin();
    done(null, this.#suffix);
  }

  #begin(): void {
    if (this.#prefix !== undefined) this.push(this.#prefix);
    this.#prefix = undefined;
  }
}

function wrap(prefix: Buffer, suffix: Buffer): Filter {
  return { response: (context) => context.transformResponse(new Wrap(prefix, suffix)) };
}

const size = { name: "size", type: "number", what: `of the body in bytes, up to ${MAX_REPEATED}`, range: [0, MAX_REPEATED] } as const;
const BOUNDED = "The size is bounded, so that a route cannot fill the memory; Skipper's is not.";
const TYPES = "Without a type, text is either HTML or plain; Skipper knows more types by their beginnings.";

/** Filters that make a body. */
export const contentFilters: readonly FilterSpec[] = [
  defineFilter({
    name: "inlineContent",
    family,
    does: "answers 200 with this text; no back end is asked.",
    parameters: [text, type],
    deviations: [TYPES],
    create(args) {
      const content = readContent(args, 0);
      const headers = ["Content-Type", content.type];
      return { request: (context) => context.respond(200, headers, content.body) };
    },
  }),
  defineFilter({
    name: "inlineContentIfStatus",
    family,
    does: "replaces the body of a response that has this status.",
    parameters: [{ name: "status", type: "number", what: "of the response", range: [100, 599] }, text, type],
    deviations: [TYPES],
    create(args) {
      const status = Math.trunc(args.number(0));
      const content = readContent(args, 1);
      return {
        response(context) {
          if (context.responseStatus !== status) return;
          removeHeader(context.responseHeaders, "content-encoding");
          setHeader(context.responseHeaders, "Content-Type", content.type);
          context.replaceBody(content.body);
        },
      };
    },
  }),
  defineFilter({
    name: "randomContent",
    family,
    does: "answers 200 with letters and digits by chance; no back end is asked.",
    parameters: [{ name: "size", type: "number", what: `of the body in bytes, up to ${MAX_INLINE}`, range: [0, MAX_INLINE] }],
    deviations: [BOUNDED],
    create(args) {
      const length = Math.trunc(args.number(0));
      return {
        request(context) {
          const body = Buffer.allocUnsafe(length);
          for (let at = 0; at < length; at++) body[at] = LETTERS[Math.floor(context.random.next() * LETTERS.length)] ?? 0;
          context.respond(200, ["Content-Type", "text/plain; charset=utf-8"], body);
        },
      };
    },
  }),
  defineFilter({
    name: "repeatContent",
    family,
    does: "answers 200 with a text that is repeated up to a size; no back end is asked.",
    parameters: [{ name: "text", type: "text", what: "not empty" }, size],
    deviations: [BOUNDED],
    create: (args) => repeat(args, Buffer.from(args.text(0)), "text/plain; charset=utf-8"),
  }),
  defineFilter({
    name: "repeatContentHex",
    family,
    does: "answers 200 with bytes that are repeated up to a size; no back end is asked.",
    parameters: [{ name: "bytes", type: "text", what: "hexadecimal, not empty" }, size],
    deviations: [BOUNDED],
    create: (args) => repeat(args, bytesOf(args, 0), "application/octet-stream"),
  }),
  defineFilter({
    name: "wrapContent",
    family,
    does: "puts texts before and behind the body of the response.",
    parameters: [
      { name: "prefix", type: "text", what: "goes before it" },
      { name: "suffix", type: "text", what: "goes behind it" },
    ],
    create: (args) => wrap(Buffer.from(args.text(0)), Buffer.from(args.text(1))),
  }),
  defineFilter({
    name: "wrapContentHex",
    family,
    does: "puts bytes before and behind the body of the response.",
    parameters: [
      { name: "prefix", type: "text", what: "hexadecimal" },
      { name: "suffix", type: "text", what: "hexadecimal" },
    ],
    create: (args) => wrap(bytesOf(args, 0), bytesOf(args, 1)),
  }),
];
