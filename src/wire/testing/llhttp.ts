import { createRequire } from "node:module";

export type LlhttpKind = "request" | "response";

/** What llhttp made of one message. */
export interface LlhttpMessage {
  /** `GET` as in its list of methods; empty in a response. */
  method: string;
  target: string;
  /** 0 in a request. */
  status: number;
  minorVersion: number;
  readonly fields: string[];
  /** Of the trailer section. */
  readonly trailers: string[];
  body: string;
}

export interface LlhttpReading {
  /** Messages that are whole. */
  readonly messages: readonly LlhttpMessage[];
  /** The one that is not. */
  readonly rest: LlhttpMessage | undefined;
  /** Name of its error, empty when it had nothing to object to. */
  readonly error: string;
  /** Bytes behind which it stopped: at an error, at an upgrade, or behind the first message when that was all it was to read. */
  readonly consumed: number;
}

export interface LlhttpOptions {
  /** Stop behind the first message. */
  readonly isOne?: boolean;
  /** The answers are to HEAD. */
  readonly isHead?: boolean;
  /** Whether the connection ends behind the bytes. */
  readonly isEnd?: boolean;
}

interface LlhttpExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  llhttp_alloc(type: number): number;
  llhttp_free(parser: number): void;
  llhttp_execute(parser: number, data: number, length: number): number;
  llhttp_finish(parser: number): number;
  llhttp_get_error_pos(parser: number): number;
  llhttp_get_method(parser: number): number;
  llhttp_get_status_code(parser: number): number;
  llhttp_get_http_minor(parser: number): number;
  llhttp_errno_name(error: number): number;
  llhttp_method_name(method: number): number;
  malloc(length: number): number;
  free(data: number): void;
}

/** WebAssembly as far as it is used; Node's types leave it to the DOM's. */
interface Wasm {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

const TYPES: Readonly<Record<LlhttpKind, number>> = { request: 1, response: 2 };
const PAUSED = 21;
const PAUSED_UPGRADE = 22;

/** The parser of Node and undici, as WebAssembly out of undici: an independent opinion on the same bytes, in strict mode. */
export class Llhttp {
  readonly #exports: LlhttpExports;
  #messages: LlhttpMessage[] = [];
  #open: LlhttpMessage | undefined = undefined;
  #isInTrailer = false;
  #isValue = true;
  #options: LlhttpOptions = {};

  constructor() {
    const wasm = createRequire(import.meta.url)("undici/lib/llhttp/llhttp-wasm.js") as Uint8Array;
    const text = (at: number, length: number): string => Buffer.from(this.#exports.memory.buffer, at, length).toString("latin1");
    const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: Wasm }).WebAssembly;
    const instance = new Instance(new Module(wasm), {
      env: {
        wasm_on_message_begin: () => {
          this.#open = { method: "", target: "", status: 0, minorVersion: 0, fields: [], trailers: [], body: "" };
          this.#isInTrailer = false;
          this.#isValue = true;
          return 0;
        },
        wasm_on_url: (_parser: number, at: number, length: number) => {
          if (this.#open !== undefined) this.#open.target += text(at, length);
          return 0;
        },
        wasm_on_status: () => 0,
        wasm_on_header_field: (_parser: number, at: number, length: number) => {
          if (this.#isValue) this.#list.push("", "");
          this.#isValue = false;
          this.#append(-2, text(at, length));
          return 0;
        },
        wasm_on_header_value: (_parser: number, at: number, length: number) => {
          this.#isValue = true;
          this.#append(-1, text(at, length));
          return 0;
        },
        wasm_on_headers_complete: (parser: number) => {
          if (this.#open === undefined) return 0;
          this.#open.status = this.#exports.llhttp_get_status_code(parser);
          this.#open.minorVersion = this.#exports.llhttp_get_http_minor(parser);
          if (this.#open.status === 0)
            this.#open.method = this.#name(this.#exports.llhttp_method_name(this.#exports.llhttp_get_method(parser)));
          this.#isInTrailer = true;
          this.#isValue = true;
          return this.#options.isHead === true ? 1 : 0;
        },
        wasm_on_body: (_parser: number, at: number, length: number) => {
          if (this.#open !== undefined) this.#open.body += text(at, length);
          return 0;
        },
        wasm_on_message_complete: () => {
          if (this.#open !== undefined) this.#messages.push(this.#open);
          this.#open = undefined;
          return this.#options.isOne === true ? PAUSED : 0;
        },
      },
    });
    this.#exports = instance.exports as LlhttpExports;
  }

  /** Reads `bytes`, which come in these pieces when they are several. */
  read(kind: LlhttpKind, bytes: Buffer | readonly Buffer[], options: LlhttpOptions = {}): LlhttpReading {
    this.#messages = [];
    this.#open = undefined;
    this.#options = options;
    const wasm = this.#exports;
    const parser = wasm.llhttp_alloc(TYPES[kind]);
    let error = 0;
    let consumed = 0;
    for (const piece of Buffer.isBuffer(bytes) ? [bytes] : bytes) {
      const data = wasm.malloc(piece.length);
      piece.copy(Buffer.from(wasm.memory.buffer, data, piece.length));
      error = wasm.llhttp_execute(parser, data, piece.length);
      if (error !== 0) consumed += wasm.llhttp_get_error_pos(parser) - data;
      else consumed += piece.length;
      wasm.free(data);
      if (error !== 0) break;
    }
    if (error === 0 && options.isEnd === true) error = wasm.llhttp_finish(parser);
    wasm.llhttp_free(parser);
    const isStop = error === 0 || error === PAUSED || error === PAUSED_UPGRADE;
    return { messages: this.#messages, rest: this.#open, error: isStop ? "" : this.#name(wasm.llhttp_errno_name(error)), consumed };
  }

  get #list(): string[] {
    return (this.#isInTrailer ? this.#open?.trailers : this.#open?.fields) ?? [];
  }

  #append(at: number, text: string): void {
    const list = this.#list;
    list[list.length + at] += text;
  }

  /** A string of C. */
  #name(at: number): string {
    const bytes = Buffer.from(this.#exports.memory.buffer, at);
    return bytes.toString("latin1", 0, bytes.indexOf(0));
  }
}
