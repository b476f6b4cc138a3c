import { createRequire } from "node:module";

/** What llhttp made of one message. */
export interface LlhttpReading {
  readonly fields: readonly string[];
  readonly body: string;
  readonly isComplete: boolean;
  /** 0 when it had nothing to object to. */
  readonly error: number;
}

interface LlhttpExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  llhttp_alloc(type: number): number;
  llhttp_free(parser: number): void;
  llhttp_execute(parser: number, data: number, length: number): number;
  malloc(length: number): number;
  free(data: number): void;
}

/** WebAssembly as far as it is used; Node's types leave it to the DOM's. */
interface Wasm {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

const REQUEST = 1;

/** The parser of Node and undici, as WebAssembly out of undici: an independent opinion on the same bytes. */
export class Llhttp {
  readonly #exports: LlhttpExports;
  #fields: string[] = [];
  #body = "";
  #isComplete = false;
  #isValue = true;

  constructor() {
    const wasm = createRequire(import.meta.url)("undici/lib/llhttp/llhttp-wasm.js") as Uint8Array;
    const text = (at: number, length: number): string => Buffer.from(this.#exports.memory.buffer, at, length).toString("latin1");
    const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: Wasm }).WebAssembly;
    const instance = new Instance(new Module(wasm), {
      env: {
        wasm_on_url: () => 0,
        wasm_on_status: () => 0,
        wasm_on_message_begin: () => 0,
        wasm_on_header_field: (_parser: number, at: number, length: number) => {
          if (this.#isValue) this.#fields.push("", "");
          this.#isValue = false;
          this.#append(-2, text(at, length));
          return 0;
        },
        wasm_on_header_value: (_parser: number, at: number, length: number) => {
          this.#isValue = true;
          this.#append(-1, text(at, length));
          return 0;
        },
        wasm_on_headers_complete: () => 0,
        wasm_on_body: (_parser: number, at: number, length: number) => {
          this.#body += text(at, length);
          return 0;
        },
        wasm_on_message_complete: () => {
          this.#isComplete = true;
          return 0;
        },
      },
    });
    this.#exports = instance.exports as LlhttpExports;
  }

  /** Reads one request, in strict mode. */
  read(request: string): LlhttpReading {
    this.#fields = [];
    this.#body = "";
    this.#isComplete = false;
    this.#isValue = true;
    const wasm = this.#exports;
    const parser = wasm.llhttp_alloc(REQUEST);
    const data = wasm.malloc(request.length);
    Buffer.from(wasm.memory.buffer, data, request.length).write(request, "latin1");
    const error = wasm.llhttp_execute(parser, data, request.length);
    wasm.free(data);
    wasm.llhttp_free(parser);
    return { fields: this.#fields, body: this.#body, isComplete: this.#isComplete, error };
  }

  #append(at: number, text: string): void {
    this.#fields[this.#fields.length + at] += text;
  }
}
