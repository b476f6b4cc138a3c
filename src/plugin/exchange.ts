import { type FilterContext, type HeaderList, addHeader, getHeader } from "../route/index.ts";
import type { PluginExchange } from "./interface.ts";

const PATH = /^\/[!-~]*$/;
const QUERY = /^[!-~]*$/;

/** The exchange of a filter's context. The context serves one exchange after another, so it is let go of at the end of this one. */
export class ContextExchange implements PluginExchange {
  readonly #stateName: string;
  #context: FilterContext | undefined;
  #signal: AbortSignal | undefined = undefined;

  /** `plugin`: what tells its state from others'. */
  constructor(context: FilterContext, plugin: string) {
    this.#context = context;
    this.#stateName = `plugin ${plugin}`;
    context.onEnd(() => (this.#context = undefined));
  }

  get method(): string {
    return this.#now.method;
  }

  get path(): string {
    return this.#now.path;
  }

  get query(): string {
    return this.#now.query;
  }

  get host(): string {
    return this.#now.host;
  }

  get scheme(): "http" | "https" {
    return this.#now.scheme;
  }

  get clientAddress(): string {
    return this.#now.clientAddress;
  }

  get routeId(): string {
    return this.#now.route.id;
  }

  get nowMs(): number {
    return this.#now.nowMs;
  }

  get signal(): AbortSignal {
    this.#signal ??= this.#context === undefined ? AbortSignal.abort() : this.#context.signal;
    return this.#signal;
  }

  get state(): Map<string, unknown> {
    const { state } = this.#now;
    // Only this class writes under this name.
    const known = state.get(this.#stateName) as Map<string, unknown> | undefined;
    if (known !== undefined) return known;
    const made = new Map<string, unknown>();
    state.set(this.#stateName, made);
    return made;
  }

  requestHeader(name: string): string | undefined {
    return getHeader(this.#now.requestHeaders, text(name));
  }

  setRequestHeader(name: string, value: string): void {
    this.#now.setField("request", text(name), text(value));
  }

  addRequestHeader(name: string, value: string): void {
    this.#now.addField("request", text(name), text(value));
  }

  removeRequestHeader(name: string): void {
    this.#now.dropField("request", text(name));
  }

  setPath(path: string): void {
    if (!PATH.test(text(path)) || /[?#]/.test(path)) throw new RangeError("a path starts with /, is percent-encoded and has no query");
    this.#now.setBackendPath(path);
  }

  setQuery(query: string): void {
    if (!QUERY.test(text(query)) || query.includes("#")) throw new RangeError("a query is percent-encoded");
    this.#now.setBackendQuery(query);
  }

  respond(status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array): void {
    const lines: HeaderList = [];
    for (const [name, value] of Object.entries(headers)) addHeader(lines, name, text(value));
    if (typeof body !== "string" && !(body instanceof Uint8Array)) throw new TypeError("a body is a text or a Uint8Array");
    this.#now.respond(status, lines, typeof body === "string" ? Buffer.from(body) : body);
  }

  get responseStatus(): number {
    return this.#now.responseStatus;
  }

  set responseStatus(status: number) {
    this.#now.responseStatus = status;
  }

  responseHeader(name: string): string | undefined {
    return getHeader(this.#now.responseHeaders, text(name));
  }

  setResponseHeader(name: string, value: string): void {
    this.#now.setField("response", text(name), text(value));
  }

  addResponseHeader(name: string, value: string): void {
    this.#now.addField("response", text(name), text(value));
  }

  removeResponseHeader(name: string): void {
    this.#now.dropField("response", text(name));
  }

  onEnd(callback: (status: number) => void): void {
    const context = this.#now;
    context.onEnd(() => callback(context.responseStatus));
  }

  get #now(): FilterContext {
    if (this.#context === undefined) throw new Error("the exchange has ended; look at its signal");
    return this.#context;
  }
}

/** What JavaScript without types may give in place of a text would be sent, or fail far from here. */
function text(value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`expected a text, got ${typeof value}`);
  return value;
}
