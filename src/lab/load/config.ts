import { isIPv4 } from "node:net";
import { AppError } from "../../kernel/index.ts";
import { Fields } from "../control/index.ts";

/** The lab part `load`: one open loop per target (a fleet of routers), all told what to do by one control API. */
export interface LoadConfig {
  readonly targets: readonly LoadTargetConfig[];
  readonly control: { readonly host: string; readonly port: number; readonly token: string };
}

/** Where one open loop sends to, how often, and what counts as right. */
export interface LoadTargetConfig {
  /** Its name in the results; the router fleet's policy in the lab. */
  readonly policy: string;
  /** `http://127.20.2.1:8080`, taken in turn; addresses of 127.0.0.0/8 only. */
  readonly urls: readonly string[];
  /** Taken in turn, so that each gets the same share of the rate. */
  readonly hosts: readonly LoadHostConfig[];
  readonly ratePerSecond: number;
  /** Evenly spaced, or at random with the same mean (a Poisson process, as independent users arrive). */
  readonly arrival: "constant" | "poisson";
  /** From the moment a request is sent until its answer must be whole. */
  readonly timeoutMs: number;
  /** Whether a GET on a reused connection that dies before any byte of the answer is sent once more, as browsers do (RFC 9110 section 9.2.2). */
  readonly retryOnReset: boolean;
  /** More requests than this are not sent while so many are unanswered; they count as failed (`not-sent`). */
  readonly maxOutstanding: number;
}

export interface LoadHostConfig {
  readonly host: string;
  readonly path: string;
  /** The answer is right when this application says it gave it. */
  readonly application: string;
}

/** A process behind a load balancer was killed on purpose: what it tore down is counted apart from failures. */
export interface KillNotice {
  /** `127.20.1.1:9999`, as in the load balancer's `X-Lab-Target`. */
  readonly target: string;
  /** Taken before the kill, and after the process was seen gone; Unix milliseconds. */
  readonly atMs: number;
  readonly untilMs: number;
  /** The most requests it can have torn down: `GET /in-flight` of the load balancer for this window. */
  readonly inFlightLimit: number;
}

/** A kill takes milliseconds; a longer window would excuse failures that the kill did not cause. */
export const KILL_WINDOW_LIMIT_MS = 3000;

const BAD_CONFIG = "LOAD_BAD_CONFIG";
const BAD_REQUEST = "LOAD_BAD_REQUEST";

/** @throws AppError LOAD_BAD_CONFIG with the path of the first wrong field. */
export function parseLoadConfig(value: unknown): LoadConfig {
  const fields = new Fields(value, "", BAD_CONFIG);
  const control = fields.object("control");
  const config: LoadConfig = {
    targets: fields.list("targets", { min: 1, max: 16 }, parseLoadTarget),
    control: { host: control.text("host"), port: control.integer("port", { min: 0, max: 65_535 }), token: control.text("token") },
  };
  control.end();
  fields.end();
  const names = config.targets.map((target) => target.policy);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new AppError(BAD_CONFIG, `targets: policy ${twice} is there twice`);
  return config;
}

/** @throws AppError LOAD_BAD_CONFIG */
export function parseLoadTarget(value: unknown, path: string): LoadTargetConfig {
  const fields = new Fields(value, path, BAD_CONFIG);
  const target: LoadTargetConfig = {
    policy: fields.text("policy"),
    urls: fields.texts("urls", { min: 1, max: 16 }),
    hosts: fields.list("hosts", { min: 1, max: 1000 }, (entry, at) => parseHost(entry, at)),
    ratePerSecond: fields.positive("ratePerSecond", 5000),
    arrival: fields.choice("arrival", ["constant", "poisson"], "constant"),
    timeoutMs: fields.integer("timeoutMs", { min: 10, max: 600_000, fallback: 10_000 }),
    retryOnReset: fields.flag("retryOnReset", false),
    maxOutstanding: fields.integer("maxOutstanding", { min: 1, max: 20_000, fallback: 4096 }),
  };
  fields.end();
  for (const url of target.urls) checkUrl(url, `${path}.urls`);
  return target;
}

/** @throws AppError LOAD_BAD_REQUEST */
export function parseKillNotice(value: unknown): KillNotice {
  const fields = new Fields(value, "", BAD_REQUEST);
  const time = { min: 0, max: Number.MAX_SAFE_INTEGER };
  const atMs = fields.integer("atMs", time);
  const notice: KillNotice = {
    target: fields.text("target"),
    atMs,
    untilMs: fields.integer("untilMs", { ...time, fallback: atMs }),
    inFlightLimit: fields.integer("inFlightLimit", { min: 0, max: 100_000 }),
  };
  fields.end();
  if (notice.untilMs < notice.atMs || notice.untilMs - notice.atMs > KILL_WINDOW_LIMIT_MS) {
    throw new AppError(BAD_REQUEST, `untilMs: must be 0 to ${KILL_WINDOW_LIMIT_MS} ms after atMs, is ${notice.untilMs - notice.atMs}`);
  }
  return notice;
}

/** The body of `POST /hosts`. @throws AppError LOAD_BAD_REQUEST */
export function parseLoadHost(value: unknown): LoadHostConfig {
  return parseHost(value, "", BAD_REQUEST);
}

function parseHost(value: unknown, path: string, code = BAD_CONFIG): LoadHostConfig {
  const fields = new Fields(value, path, code);
  const host = { host: fields.text("host"), path: fields.text("path", "/"), application: fields.text("application") };
  fields.end();
  if (!/^[\w.:-]+$/.test(host.host)) throw new AppError(code, `${path}.host: must be a host name, is ${host.host}`);
  if (!/^\/[\x21-\x7e]*$/.test(host.path)) throw new AppError(code, `${path}.path: must begin with / and hold printable ASCII only`);
  return host;
}

function checkUrl(text: string, path: string): void {
  const url = URL.parse(text);
  const isRoot = url !== null && url.pathname === "/" && url.search === "";
  if (url === null || url.protocol !== "http:" || !isIPv4(url.hostname) || !url.hostname.startsWith("127.") || !isRoot) {
    throw new AppError(
      BAD_CONFIG,
      `${path}: ${text} must be http://127.x.x.x:port; load is sent to this machine only, paths go into hosts`,
    );
  }
}
