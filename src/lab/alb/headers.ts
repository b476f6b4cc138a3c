import type { IncomingMessage } from "node:http";
import type { Random } from "../../kernel/index.ts";
import type { LoadBalancerAttributes } from "./config.ts";
import { withoutPort } from "./rules.ts";

/** Says which target answered; of the lab only, an ALB sends no such header. */
export const LAB_TARGET_HEADER = "x-lab-target";
/** When the load balancer sent the request on, Unix milliseconds; of the lab only. */
export const LAB_FORWARDED_AT_HEADER = "x-lab-forwarded-at";
/** In the load balancer's own 502 and 504: how far the request had got (dial, send, head); of the lab only. */
export const LAB_PHASE_HEADER = "x-lab-phase";

const HOP_BY_HOP = new Set(["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"]);
const REPLACED = new Set(["host", "expect", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-port", "x-amzn-trace-id"]);
const DEFAULT_PORTS = new Set([80, 443]);
/** "463: the X-Forwarded-For header has more than 30 IP addresses" (page "Troubleshoot your Application Load Balancers"). */
const FORWARDED_FOR_LIMIT = 30;

export interface RequestHeadContext {
  readonly attributes: LoadBalancerAttributes;
  /** Of the listener: HTTP or HTTPS. */
  readonly protocol: string;
  /** What the client was told. */
  readonly externalPort: number;
  /** Stands in for the Host of an HTTP/1.0 request that has none. */
  readonly loadBalancerName: string;
  readonly random: Random;
  readonly nowMs: number;
}

/** The head for the target as name, value, name, value…: X-Forwarded-*, trace id and Host as page "HTTP headers and Application Load Balancers" has them. */
export function requestHead(request: IncomingMessage, context: RequestHeadContext): string[] {
  const { attributes, externalPort } = context;
  const head = ["Host", hostFor(request, context)];
  copyEndToEnd(request.rawHeaders, head);
  if (request.headers["transfer-encoding"] !== undefined) head.push("Transfer-Encoding", "chunked");
  else if (request.headers["content-length"] === undefined && mayHaveBody(request.method)) head.push("Content-Length", "0");
  const forwardedFor = forwardedForValue(request, attributes);
  if (forwardedFor !== "") head.push("X-Forwarded-For", forwardedFor);
  head.push("X-Forwarded-Proto", context.protocol.toLowerCase(), "X-Forwarded-Port", String(externalPort));
  head.push("X-Amzn-Trace-Id", traceId(request.headers["x-amzn-trace-id"], context));
  return head;
}

/** The head of a target's answer as it goes to the client: end-to-end field lines only, none of the lab's own names. */
export function responseHead(response: IncomingMessage): string[] {
  const head: string[] = [];
  copyEndToEnd(response.rawHeaders, head);
  return head;
}

/** Whether a client sent more addresses than the load balancer takes (answer 463). */
export function hasTooManyForwarded(request: IncomingMessage): boolean {
  return joined(request.headers["x-forwarded-for"]).split(",").length > FORWARDED_FOR_LIMIT;
}

function copyEndToEnd(rawHeaders: readonly string[], head: string[]): void {
  const named = new Set<string>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() !== "connection") continue;
    for (const option of (rawHeaders[index + 1] ?? "").split(",")) named.add(option.trim().toLowerCase());
  }
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || REPLACED.has(lower) || named.has(lower) || lower.startsWith("x-lab-")) continue;
    head.push(name, rawHeaders[index + 1] ?? "");
  }
}

function hostFor(request: IncomingMessage, context: RequestHeadContext): string {
  const host = request.headers.host ?? context.loadBalancerName;
  if (context.attributes.preserveHostHeader) return host;
  const name = withoutPort(host).toLowerCase();
  return DEFAULT_PORTS.has(context.externalPort) ? name : `${name}:${context.externalPort}`;
}

function forwardedForValue(request: IncomingMessage, attributes: LoadBalancerAttributes): string {
  const given = joined(request.headers["x-forwarded-for"]);
  if (attributes.xffMode === "remove") return "";
  if (attributes.xffMode === "preserve") return given;
  const peer = (request.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  return given === "" ? peer : `${given}, ${peer}`;
}

function traceId(given: string | string[] | undefined, context: RequestHeadContext): string {
  const own = `1-${Math.floor(context.nowMs / 1000).toString(16)}-${hexDigits(24, context.random)}`;
  const fields = joined(given)
    .split(";")
    .map((field) => field.trim())
    .filter((field) => field !== "" && !field.startsWith("Self="));
  return fields.some((field) => field.startsWith("Root=")) ? [`Self=${own}`, ...fields].join(";") : [`Root=${own}`, ...fields].join(";");
}

function hexDigits(count: number, random: Random): string {
  let digits = "";
  while (digits.length < count) {
    digits += Math.floor(random.next() * 0x1_0000)
      .toString(16)
      .padStart(4, "0");
  }
  return digits.slice(0, count);
}

function joined(value: string | string[] | undefined): string {
  return value === undefined ? "" : Array.isArray(value) ? value.join(", ") : value;
}

function mayHaveBody(method: string | undefined): boolean {
  return method === "POST" || method === "PUT" || method === "PATCH";
}
