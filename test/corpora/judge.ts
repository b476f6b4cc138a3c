import { existsSync } from "node:fs";
import { join } from "node:path";
import { withDateMade } from "../../src/proxy/testing/made-date.ts";
import { RawClient } from "../../src/proxy/testing/raw-peers.ts";
import { type ProxyUnderTest, route, startProxy } from "../../src/proxy/testing/proxy-under-test.ts";
import { Llhttp, type LlhttpMessage } from "../../src/wire/testing/llhttp.ts";
import { type DesyncCase, readDesyncCases } from "./desync-cases.ts";
import { type LlhttpCase, readLlhttpCases } from "./llhttp-cases.ts";
import { ReadingBackEnd } from "./reading-back-end.ts";
import type { Verdict } from "./verdicts.ts";

export const CORPORA = join(import.meta.dirname, "../../../shared/corpora");
const DESYNC = join(CORPORA, "http-desync");
const LLHTTP = join(CORPORA, "llhttp");

export const hasCorpora = existsSync(DESYNC) && existsSync(LLHTTP);

/** An answer of the proxy's own: status, code. */
const OWN_ANSWER = /HTTP\/1\.1 (\d{3}) (?:(?!HTTP\/1)[^])*?\r\n\r\n[^\n]*\(((?:PROXY|WIRE)_\w+)\)\n$/;

/** A verdict, and what an independent reader says of the bytes on the far side. */
export interface Judgement extends Verdict {
  readonly key: string;
  /** Why the bytes that passed are not what they must be, whatever is expected; empty when they are. */
  readonly breach: string;
}

/** Puts every case of both corpora through a real proxy. */
export class Judge {
  readonly #backEnd = new ReadingBackEnd();
  readonly #llhttp = new Llhttp();
  readonly #under: ProxyUnderTest;

  private constructor(under: ProxyUnderTest) {
    this.#under = under;
  }

  static async start(): Promise<Judge> {
    const judge = new Judge(await startProxy());
    await judge.#backEnd.server.listen();
    judge.#under.routes([route({ type: "network", address: `http://127.0.0.1:${judge.#backEnd.server.port}` })]);
    return judge;
  }

  async close(): Promise<void> {
    await this.#under.close();
    await this.#backEnd.server.close();
  }

  async *judge(): AsyncGenerator<Judgement> {
    for (const one of readDesyncCases(DESYNC)) yield await this.#desync(one);
    for (const one of [...readLlhttpCases(join(LLHTTP, "request")), ...readLlhttpCases(join(LLHTTP, "response"))]) {
      yield one.kind === "request" ? await this.#request(one) : await this.#response(one);
    }
  }

  async #desync({ key, name, tier, method, bytes }: DesyncCase): Promise<Judgement> {
    const { client, backEnd, messages, breach } = await this.#pass(bytes);
    // A connection to the endpoint that ends with the request is the other answer the corpus allows to what is ambiguous.
    const isLast = messages.every(({ fields }) => fields.join("|").includes("Connection|close"));
    const isStrict = tier === "Ambiguous" || tier === "Severe";
    return {
      key: `desync ${key}: ${name}`,
      theirs: tier,
      agrees: isStrict ? messages.length === 0 : messages.length === 1,
      client,
      backEnd,
      breach: breach !== "" || !isStrict || isLast || !/^(GET|HEAD)$/.test(method) ? breach : "the connection to the endpoint stays",
    };
  }

  async #request({ name, leniency, input, messages: logged, error }: LlhttpCase): Promise<Judgement> {
    const { client, backEnd, messages, breach } = await this.#pass(withHost(input));
    const expected = logged.map(({ method, url, body }) => `${method} ${url} ${JSON.stringify(body)}`);
    const read = messages.map(({ method, target, body }) => `${method} ${target} ${JSON.stringify(withoutLineEnds(body))}`);
    return {
      key: `llhttp request ${name}${leniency === "" ? "" : ` [${leniency}]`}`,
      theirs: `${logged.length} read${error === "" ? "" : `, ${error}`}`,
      agrees: expected.join("\n") === read.join("\n"),
      client,
      backEnd,
      breach,
    };
  }

  /** Sends the bytes and the end, and gives what both sides got. */
  async #pass(bytes: string): Promise<{ client: string; backEnd: string; messages: readonly LlhttpMessage[]; breach: string }> {
    this.#backEnd.start();
    const client = new RawClient(this.#under.port).send(bytes);
    client.socket.end();
    const got = await client.ended();
    client.close();
    const { readings } = this.#backEnd;
    const messages = readings.flatMap((reading) => reading.messages);
    const answers = [...got.matchAll(/HTTP\/1\.1 (\d{3}) [^\r]*\r\n[^]*?\r\n\r\n(?:[^\n]*\(((?:PROXY|WIRE)_\w+)\)\n)?/g)];
    const outcome = answers.map(([, status = "", code]) => (code === undefined ? status : `${status} ${code}`)).join(", ");
    const oks = answers.filter(([, status]) => status === "200").length;
    const breach = oks === messages.length ? "" : `${messages.length} requests are read behind the proxy and ${oks} were answered`;
    return { client: outcome, backEnd: this.#written(this.#backEnd.received), messages, breach };
  }

  async #response(one: LlhttpCase): Promise<Judgement> {
    this.#backEnd.startWith(one.input);
    const client = new RawClient(this.#under.port);
    client.send(`${one.isHead ? "HEAD" : "GET"} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    const got = await client.ended();
    client.close();
    const read = this.#readAnswer(got, one.isHead);
    const { messages } = this.#backEnd.readings[0] ?? { messages: [] };
    return {
      key: `llhttp response ${one.name}${one.leniency === "" ? "" : ` [${one.leniency}]`}`,
      theirs: `${one.messages.map(({ status }) => status).join(", ") || "none"} read${one.error === "" ? "" : `, ${one.error}`}`,
      agrees: read === expectedAnswer(one),
      client: withDateMade(got.replace(OWN_ANSWER, "$1 $2")),
      backEnd: `${messages.length} of ${messages[0]?.method ?? ""}`,
      breach: messages.length === 1 ? "" : `${messages.length} requests were made of one`,
    };
  }

  /** What a client that reads with llhttp makes of the bytes: status and body, or `broken`. */
  #readAnswer(got: string, isHead: boolean): string {
    const { messages, error } = this.#llhttp.read("response", Buffer.from(got, "latin1"), { isHead, isEnd: true });
    const last = messages.findLast(({ status }) => status >= 200 || status === 101);
    return last === undefined || error !== "" ? "broken" : answerText(last.status, last.body);
  }

  /** Ports stand for themselves, and the letters of a long body for their number. */
  #written(text: string): string {
    return text
      .replaceAll(`Port: ${this.#under.port}\r\n`, "Port: PORT\r\n")
      .replaceAll(`Host: 127.0.0.1:${this.#backEnd.server.port}\r\n`, "Host: 127.0.0.1:PORT\r\n")
      .split(/(x{40,})/)
      .map((part, at) => (at % 2 === 0 ? part : `x{${part.length}}`))
      .join("");
  }
}

function withHost(input: string): string {
  if (/^host:/im.test(input)) return input;
  return input.replaceAll(/(\S+)( HTTP\/1\.1\r\n)/g, (line, target: string) => {
    const host = /^https?:\/\/([^/?]*)/.exec(target)?.[1] ?? "a";
    return `${line}Host: ${host}\r\n`;
  });
}

function expectedAnswer({ input, messages, rest, error }: LlhttpCase): string {
  const whole = messages.find(({ status }) => status >= 200);
  if (whole !== undefined) return answerText(whole.status, whole.body);
  if (rest === undefined || rest.status < 200) return answerText(502, "");
  // Its head is out when the fault comes, or the end that is too early.
  const isFramed = /^(?:content-length|transfer-encoding):/im.test(input);
  return error !== "" || isFramed ? "broken" : answerText(rest.status, rest.body);
}

/** What the proxy itself says of a failure is left out. */
function answerText(status: number, body: string): string {
  return `${status} ${/\((?:PROXY|WIRE)_\w+\)\n$/.test(body) ? "" : withoutLineEnds(body)}`;
}

/** llhttp's logs show bodies without their line ends. */
function withoutLineEnds(body: string): string {
  return body.replaceAll(/[\r\n]/g, "");
}
