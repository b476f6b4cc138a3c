import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type Clock, type Random, messageOf, sleep } from "../../../kernel/index.ts";
import { corrupted, cutAfter, slowly, withoutEvents } from "./body-faults.ts";
import { editList } from "./edit-list.ts";
import { type MadeAnswer, awsError, kubeStatus } from "./made-answer.ts";
import { type RememberedAnswers, rememberedKey } from "./remembered-answers.ts";
import { type RequestFacts, isWatch } from "./request-facts.ts";
import { isEdited, plainAnswer, wholeBody, withLength } from "./edited-answer.ts";
import type { HttpFault, Loss, Rule } from "./rule.ts";
import type { Upstream } from "./upstream.ts";

/** What was written has to be with the client before a reset throws away what is under way. */
const BEFORE_RESET_MS = 50;

export interface ExchangeDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly upstream: Upstream;
  memory(rule: Rule): RememberedAnswers;
  /** The upstream cannot be asked, for this reason. */
  failed(why: string): void;
  /** The connection below TLS. */
  rawSocket(socket: Socket): Socket;
}

/** One request and its answer. */
export class Exchange {
  readonly facts: RequestFacts;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #body: Buffer | undefined;
  readonly #deps: ExchangeDeps;
  readonly #ended = new AbortController();

  /** `body` is what was read of it already: all, or nothing. */
  constructor(request: IncomingMessage, response: ServerResponse, facts: RequestFacts, body: Buffer | undefined, deps: ExchangeDeps) {
    this.facts = facts;
    this.#request = request;
    this.#response = response;
    this.#body = body;
    this.#deps = deps;
    response.on("close", () => this.#ended.abort());
  }

  /** Cuts it, so that its client comes again. */
  cut(): void {
    this.#lose("reset");
  }

  async run(rule: Rule | undefined): Promise<void> {
    const fault = rule?.fault;
    switch (fault?.type) {
      case "reset":
      case "close":
      case "hang":
        return this.#lose(fault.type);
      case "delay":
        if (fault.at === "request") await this.#wait(fault);
        return this.#forward(rule);
      case "answer":
        return this.#answer({ status: fault.status, headers: fault.headers, body: fault.body });
      case "kube_status":
        return this.#answer(kubeStatus(fault, this.facts));
      case "aws_error":
        return this.#answer(awsError(fault, this.facts));
      case "watch":
        return fault.do === "drop_events" || fault.do === "silent" ? this.#forward(rule) : this.#brokenWatch(fault.do);
      case "older_world":
        return this.#older(rule, fault);
      case "status":
      case "cut":
      case "truncate":
      case "corrupt":
      case "slow":
      case "lose_answer":
      case "empty_list":
      case "partial_list":
      case undefined:
        return this.#forward(rule);
    }
  }

  #answer({ status, headers, body }: MadeAnswer): void {
    this.#request.resume();
    this.#response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
    this.#response.end(this.facts.method === "HEAD" ? undefined : body);
  }

  #lose(how: Loss): void {
    if (how === "hang") return;
    const { socket } = this.#request;
    if (how === "close") socket.destroy();
    else this.#deps.rawSocket(socket).resetAndDestroy();
  }

  #brokenWatch(how: "close" | "garbage" | "error_410"): void {
    const line = {
      close: "",
      garbage: '{"type":"ADDED","object":{"kind":"\u0000\uFFFD<html>\n',
      error_410: `${JSON.stringify({
        type: "ERROR",
        object: {
          kind: "Status",
          apiVersion: "v1",
          metadata: {},
          status: "Failure",
          message: "too old resource version",
          reason: "Expired",
          code: 410,
        },
      })}\n`,
    }[how];
    this.#response.writeHead(200, { "content-type": "application/json" });
    this.#response.end(line);
  }

  /** Lists and single objects are those of the beginning; a watch is sent back to the list. */
  async #older(rule: Rule | undefined, fault: Extract<HttpFault, { type: "older_world" }>): Promise<void> {
    if (rule === undefined || this.facts.method !== "GET") return this.#forward(undefined);
    if (isWatch(this.facts)) return this.#brokenWatch("error_410");
    const memory = this.#deps.memory(rule);
    const key = `${this.#request.headers.accept ?? ""} ${rememberedKey(this.facts.target)}`;
    const old = memory.recall(key, fault.record_seconds);
    if (old !== undefined) {
      this.#response.writeHead(old.status, [...old.headers]);
      this.#response.end(old.body);
      return undefined;
    }
    return this.#forward(rule);
  }

  async #forward(rule: Rule | undefined): Promise<void> {
    const fault = rule?.fault;
    const asked = this.#deps.upstream.request(this.#request, isEdited(fault) ? plainAnswer(this.#request) : {});
    this.#ended.signal.addEventListener("abort", () => asked.destroy(), { once: true });
    const answered = new Promise<IncomingMessage | undefined>((resolve) => {
      asked.once("response", resolve);
      asked.once("error", (error) => {
        if (!this.#ended.signal.aborted) this.#deps.failed(messageOf(error));
        resolve(undefined);
      });
      asked.once("upgrade", (_answer, socket) => {
        // Asked for by nobody here: upgrades go another way.
        socket.destroy();
        resolve(undefined);
      });
    });
    if (this.#body === undefined) this.#request.pipe(asked);
    else asked.end(this.#body);
    const answer = await answered;
    if (answer === undefined) return this.#lose("reset");
    answer.on("error", () => this.#lose("reset"));
    if (fault?.type === "lose_answer") {
      for await (const _piece of answer) if (this.#ended.signal.aborted) break;
      return this.#lose(fault.how);
    }
    if (fault?.type === "delay" && fault.at === "headers") await this.#wait(fault);
    return this.#passBack(answer, rule);
  }

  async #passBack(answer: IncomingMessage, rule: Rule | undefined): Promise<void> {
    const { clock, random } = this.#deps;
    const fault = rule?.fault;
    const status = answer.statusCode ?? 502;
    switch (fault?.type) {
      case "status":
        return this.#send(fault.status, answer.rawHeaders, answer);
      case "cut":
        return fault.in === "headers"
          ? this.#cutHead(answer, fault)
          : this.#send(
              status,
              answer.rawHeaders,
              cutAfter(answer, fault.bytes, () => this.#loseLater(fault.how)),
              "cut",
            );
      case "truncate":
        return this.#sendEdited(answer, (body) => body.subarray(0, Math.floor(body.length * fault.share)));
      case "corrupt":
        return this.#send(status, answer.rawHeaders, corrupted(answer, fault.every, random));
      case "slow":
        return this.#send(status, answer.rawHeaders, slowly(answer, fault.bytes_per_second, clock, this.#ended.signal));
      case "empty_list":
        return this.#sendEdited(answer, (body) => this.#listed(answer, body, () => false));
      case "partial_list":
        return this.#sendEdited(answer, (body) => this.#listed(answer, body, () => random.next() < fault.share));
      case "older_world":
        return this.#remember(answer, rule, fault.record_seconds);
      case "watch":
        if (fault.do === "silent") return this.#silent(status, answer);
        return this.#send(status, answer.rawHeaders, withoutEvents(answer, fault.share, random));
      case "answer":
      case "aws_error":
      case "close":
      case "delay":
      case "hang":
      case "kube_status":
      case "lose_answer":
      case "reset":
      case undefined:
        return this.#send(status, answer.rawHeaders, answer);
    }
  }

  #listed(answer: IncomingMessage, body: Buffer, keep: () => boolean): Buffer {
    if ((answer.statusCode ?? 0) !== 200) return body;
    return Buffer.from(editList(body.toString("utf8"), answer.headers["content-type"] ?? "", keep));
  }

  async #send(status: number, rawHeaders: readonly string[], body: AsyncIterable<Buffer>, end: "whole" | "cut" = "whole"): Promise<void> {
    this.#response.writeHead(status, [...rawHeaders]);
    // A watch says nothing for long, and its client waits for the head.
    this.#response.flushHeaders();
    for await (const piece of body) {
      if (this.#ended.signal.aborted) return;
      if (!this.#response.write(piece)) await new Promise<void>((resolve) => this.#drained(resolve));
    }
    // An end in order would make a cut body of chunks a whole one.
    if (end === "whole" && !this.#response.destroyed) this.#response.end();
  }

  /** Whole and of the right length, so that nothing but its content is wrong. */
  async #sendEdited(answer: IncomingMessage, edit: (body: Buffer) => Buffer): Promise<void> {
    const body = await wholeBody(answer);
    if (body === undefined) return this.#lose("reset");
    const edited = edit(body);
    this.#response.writeHead(answer.statusCode ?? 502, withLength(answer.rawHeaders, edited.length));
    this.#response.end(edited);
    return undefined;
  }

  async #remember(answer: IncomingMessage, rule: Rule | undefined, recordSeconds: number): Promise<void> {
    const body = await wholeBody(answer);
    if (body === undefined || rule === undefined) return this.#lose("reset");
    const status = answer.statusCode ?? 502;
    const headers = withLength(answer.rawHeaders, body.length);
    const key = `${this.#request.headers.accept ?? ""} ${rememberedKey(this.facts.target)}`;
    if (status === 200) this.#deps.memory(rule).keep(key, { status, headers, body }, recordSeconds);
    this.#response.writeHead(status, headers);
    this.#response.end(body);
    return undefined;
  }

  /** The head goes on, no event ever does. */
  #silent(status: number, answer: IncomingMessage): void {
    answer.resume();
    this.#response.writeHead(status, [...answer.rawHeaders]);
    this.#response.flushHeaders();
  }

  #cutHead(answer: IncomingMessage, { bytes, how }: Extract<HttpFault, { type: "cut" }>): void {
    answer.resume();
    const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage ?? ""}`];
    for (let at = 0; at + 1 < answer.rawHeaders.length; at += 2) lines.push(`${answer.rawHeaders[at]}: ${answer.rawHeaders[at + 1]}`);
    const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
    // Never the whole head: then nothing would be cut.
    this.#request.socket.write(head.subarray(0, Math.min(bytes, head.length - 1)));
    this.#loseLater(how);
  }

  #loseLater(how: "reset" | "close"): void {
    this.#deps.clock.timer(BEFORE_RESET_MS, () => this.#lose(how));
  }

  async #wait({ ms, jitter_ms }: Extract<HttpFault, { type: "delay" }>): Promise<void> {
    await sleep(this.#deps.clock, Math.max(0, ms + (this.#deps.random.next() * 2 - 1) * jitter_ms), this.#ended.signal);
  }

  #drained(resolve: () => void): void {
    this.#response.once("drain", resolve);
    this.#ended.signal.addEventListener("abort", resolve, { once: true });
  }
}
