import { ClockText } from "./clock-text.ts";

/** `apache`: Apache's combined log, nothing else. `combined`: more behind it. */
export type AccessLogFormat = "apache" | "combined" | "json";

/** What a line says; one object is filled for line after line. Times in ms; undefined: it did not come to that. */
export interface AccessLogEntry {
  /** When the request head was there, ms since the epoch. */
  startedMs: number;
  clientAddress: string;
  method: string;
  target: string;
  /** As the start line names it: `HTTP/1.1`, `HTTP/2.0`. */
  protocol: string;
  status: number;
  requestBytes: number;
  responseBytes: number;
  referer: string;
  userAgent: string;
  host: string;
  routeId: string;
  endpoint: string;
  /** Endpoints that were tried. */
  attempts: number;
  /** PROXY_… or WIRE_…, empty when all went well. */
  failure: string;
  /** Who sent the request as far as it says itself; empty when no filter asked. */
  audit: string;
  /** Of a request that is recorded; empty for others. */
  traceId: string;
  /** From the request head to the last byte of the answer. The four below add up to it: the phase in which a request ends lasts to its end. */
  durationMs: number;
  /** From the request head until an endpoint is chosen: the look-up, filters of the request, and what they wait for. */
  filterMs: number;
  /** Until a connection is there, attempts before the last one included; 0 for one that was open. */
  connectMs: number | undefined;
  /** From sending the request until the head of the answer is there. */
  responseMs: number | undefined;
  /** Until the answer is passed on. */
  transferMs: number | undefined;
  /** From the request head to the last byte of its body. */
  requestMs: number | undefined;
}

/** An entry of nothing. */
export function emptyEntry(): AccessLogEntry {
  return {
    startedMs: 0,
    clientAddress: "",
    method: "",
    target: "",
    protocol: "HTTP/1.1",
    status: 0,
    requestBytes: 0,
    responseBytes: 0,
    referer: "",
    userAgent: "",
    host: "",
    routeId: "",
    endpoint: "",
    attempts: 0,
    failure: "",
    audit: "",
    traceId: "",
    durationMs: 0,
    filterMs: 0,
    connectMs: undefined,
    responseMs: undefined,
    transferMs: undefined,
    requestMs: undefined,
  };
}

/** Makes lines, ASCII only, with their line feed. */
export interface LineFormat {
  line(entry: AccessLogEntry): string;
}

/** Characters of a field; what is longer is cut, so that no request is too long to be logged. */
const FIELD_LIMIT = 2048;

// What could end a field or a line, or reach the terminal of who reads the log.
const UNSAFE = /[^ !#-[\]-~]/;
const EACH_UNSAFE = /[^ !#-[\]-~]/gu;
const EACH_NOT_ASCII = /[^ -~]/g;

/** Apache's combined log: `"%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\""` (Apache, "Log Files"). */
export class ApacheFormat implements LineFormat {
  readonly #time = new ClockText((second) => {
    const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(second * 1000).toUTCString()) ?? [];
    return `${day}/${month}/${year}:${time} +0000`;
  });

  line(entry: AccessLogEntry): string {
    return `${this.start(entry)}\n`;
  }

  protected start(entry: AccessLogEntry): string {
    return (
      `${entry.clientAddress} - - [${this.#time.of(Math.floor(entry.startedMs / 1000))}] "${clean(entry.method)} ${clean(entry.target)} ${entry.protocol}" ` +
      `${entry.status} ${entry.responseBytes === 0 ? "-" : entry.responseBytes} "${field(entry.referer)}" "${field(entry.userAgent)}"`
    );
  }
}

/**
 * Behind that: duration in ms, host, route id, endpoint, failure, attempts, the phases filter/connect/response/transfer in ms, the trace id,
 * and what unverifiedAuditLog found; `-` where there is none.
 */
export class CombinedFormat extends ApacheFormat {
  override line(entry: AccessLogEntry): string {
    const phases = `${inMs(entry.filterMs)}/${inMs(entry.connectMs)}/${inMs(entry.responseMs)}/${inMs(entry.transferMs)}`;
    return (
      `${this.start(entry)} ${inMs(entry.durationMs)} ${field(entry.host)} ${field(entry.routeId)} ${field(entry.endpoint)} ` +
      `${field(entry.failure)} ${entry.attempts} ${phases} ${field(entry.traceId)} ${field(entry.audit)}\n`
    );
  }
}

/** Makes lines of this form. */
export function lineFormat(format: AccessLogFormat): LineFormat {
  if (format === "json") return new JsonFormat();
  return format === "apache" ? new ApacheFormat() : new CombinedFormat();
}

/** One JSON object a line. What is mostly as in the line before is not made again: that is half of what a line costs. */
export class JsonFormat implements LineFormat {
  readonly #time = new ClockText((second) => `{"time":"${new Date(second * 1000).toISOString().slice(0, 19)}`);
  #method = "";
  #protocol = "";
  #status = -1;
  #statusText = "";
  #host = "";
  #routeId = "";
  #endpoint = "";
  #failure = "";
  #placeText = "";

  line(entry: AccessLogEntry): string {
    const { startedMs, method, protocol, status, host, routeId, endpoint, failure } = entry;
    const second = Math.floor(startedMs / 1000);
    if (method !== this.#method || protocol !== this.#protocol || status !== this.#status) {
      this.#method = method;
      this.#protocol = protocol;
      this.#status = status;
      this.#statusText = `","method":"${json(method)}","proto":"${protocol}","status":${status},"target":"`;
    }
    if (
      routeId !== this.#routeId ||
      endpoint !== this.#endpoint ||
      host !== this.#host ||
      failure !== this.#failure ||
      this.#placeText === ""
    ) {
      this.#host = host;
      this.#routeId = routeId;
      this.#endpoint = endpoint;
      this.#failure = failure;
      const place = `"host":"${json(host)}","route":"${json(routeId)}","endpoint":"${json(endpoint)}"`;
      this.#placeText = `",${place},"failure":"${failure}","attempts":`;
    }
    return (
      `${this.#time.of(second)}${FRACTIONS[Math.floor(startedMs - second * 1000)] ?? ""}Z","client":"${json(entry.clientAddress)}` +
      `${this.#statusText}${json(entry.target)}${this.#placeText}${entry.attempts},"requestBytes":${entry.requestBytes},"responseBytes":${entry.responseBytes}` +
      `,"durationMs":${exact(entry.durationMs)},"filterMs":${exact(entry.filterMs)},"connectMs":${exact(entry.connectMs)}` +
      `,"responseMs":${exact(entry.responseMs)},"transferMs":${exact(entry.transferMs)},"requestMs":${exact(entry.requestMs)}` +
      `,"referer":"${json(entry.referer)}","userAgent":"${json(entry.userAgent)}"${optional("traceId", entry.traceId)}${optional("audit", entry.audit)}}\n`
    );
  }
}

function clean(given: string): string {
  const text = cut(given);
  return UNSAFE.test(text)
    ? text.replaceAll(EACH_UNSAFE, (character) => `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`)
    : text;
}

function field(text: string): string {
  return text === "" ? "-" : clean(text);
}

function json(given: string): string {
  const text = cut(given);
  if (!UNSAFE.test(text)) return text;
  return JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(EACH_NOT_ASCII, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A member that most lines do without. */
function optional(name: string, text: string): string {
  return text === "" ? "" : `,"${name}":"${json(text)}"`;
}

function cut(text: string): string {
  return text.length > FIELD_LIMIT ? `${text.slice(0, FIELD_LIMIT)}...` : text;
}

/** `.000` to `.999`. */
const FRACTIONS: readonly string[] = Array.from({ length: 1000 }, (_, at) => `.${String(at).padStart(3, "0")}`);

function inMs(ms: number | undefined): string {
  return ms === undefined ? "-" : String(Math.round(ms));
}

/** To the microsecond. Of whole numbers, whose texts V8 keeps: that of a number with a fraction is worked out each time. */
function exact(ms: number | undefined): string {
  if (ms === undefined) return "null";
  const micros = Math.round(ms * 1000);
  const millis = Math.floor(micros / 1000);
  const rest = micros - millis * 1000;
  return rest === 0 ? String(millis) : `${millis}${FRACTIONS[rest] ?? ""}`;
}
