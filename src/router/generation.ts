import { createHash } from "node:crypto";

import { AppError, isRecord } from "../kernel/index.ts";
import type { Backend, Call, Endpoint, Pool, RouteDefinition, RouteSet } from "../route/index.ts";

/** What is known of a generation without reading its routes; the first line of its text. */
export interface GenerationHeader {
  /** Grows by at least one with every generation, also over restarts. */
  readonly number: number;
  readonly createdAtMs: number;
  /** Where the routes came from, for example `kubernetes` or `file:/etc/holdfast/routes.eskip`. A snapshot of another source is not used. */
  readonly source: string;
  /** The revision of each kind when the generation was made. */
  readonly revisions: Readonly<Record<string, string>>;
  readonly routes: number;
  readonly pools: number;
  /** SHA-256 of the body, hexadecimal: the check that it is whole. */
  readonly sha256: string;
  /** SHA-256 of the routes alone: two generations with the same one differ in their pools at most. */
  readonly routesSha256: string;
}

/** One numbered, hashed table with its pools: what is kept on disk and what travels to the workers. */
export interface Generation extends RouteSet {
  readonly header: GenerationHeader;
}

const MAGIC = "holdfast-generation/1";
const LIMIT_BYTES = 512 * 1024 * 1024;
const LIMIT_HEADER_BYTES = 64 * 1024;

/**
 * The text of a generation, the same on disk and between processes: `holdfast-generation/1 {header}`, a line feed, then
 * the body, one JSON object `{"routes": RouteDefinition[], "pools": Pool[]}`.
 */
export function encodeGeneration(
  routeSet: RouteSet,
  facts: {
    readonly number: number;
    readonly createdAtMs: number;
    readonly source: string;
    readonly revisions: Readonly<Record<string, string>>;
  },
): { readonly header: GenerationHeader; readonly text: string } {
  const routes = JSON.stringify(routeSet.routes);
  const body = `{"routes":${routes},"pools":${JSON.stringify(routeSet.pools)}}`;
  const header: GenerationHeader = {
    ...facts,
    routes: routeSet.routes.length,
    pools: routeSet.pools.length,
    sha256: hashOf(body),
    routesSha256: hashOf(routes),
  };
  return { header, text: `${MAGIC} ${JSON.stringify(header)}\n${body}` };
}

/** The `routesSha256` that {@link encodeGeneration} would give these routes. */
export function hashRoutes(routes: readonly RouteDefinition[]): string {
  return hashOf(JSON.stringify(routes));
}

/**
 * Reads what {@link encodeGeneration} wrote and checks all of it. Throws AppError `ROUTER_SNAPSHOT_CORRUPT` when it is torn,
 * altered or not a generation of this version; the message says which.
 */
export function decodeGeneration(text: string | Buffer): Generation {
  const header = decodeGenerationHeader(text);
  const body = typeof text === "string" ? text.slice(text.indexOf("\n") + 1) : text.subarray(text.indexOf(10) + 1);
  if (hashOf(body) !== header.sha256) throw corrupt("its content does not match its checksum (it is torn or was altered)");
  let parsed: unknown;
  try {
    parsed = JSON.parse(typeof body === "string" ? body : body.toString("utf8"));
  } catch (error) {
    throw corrupt("its body is not JSON", error);
  }
  if (!isRecord(parsed) || !Array.isArray(parsed["routes"]) || !Array.isArray(parsed["pools"]))
    throw corrupt("its body has no lists of routes and pools");
  const routes: unknown[] = parsed["routes"];
  const pools: unknown[] = parsed["pools"];
  if (routes.length !== header.routes || pools.length !== header.pools)
    throw corrupt("its body has another number of routes or pools than its header says");
  if (!routes.every(isRoute)) throw corrupt("a route in it is malformed");
  if (!pools.every(isPool)) throw corrupt("a pool in it is malformed");
  return { header, routes, pools };
}

/** The first line alone, checked for form; what it says of the body is not. */
export function decodeGenerationHeader(text: string | Buffer): GenerationHeader {
  if (text.length > LIMIT_BYTES) throw corrupt(`it is larger than ${LIMIT_BYTES} bytes`);
  const head = typeof text === "string" ? text.slice(0, LIMIT_HEADER_BYTES) : text.subarray(0, LIMIT_HEADER_BYTES).toString("utf8");
  const end = head.indexOf("\n");
  if (end < 0 || !head.startsWith(`${MAGIC} `)) throw corrupt(`its first line is not that of ${MAGIC}`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(head.slice(MAGIC.length + 1, end));
  } catch (error) {
    throw corrupt("its header is not JSON", error);
  }
  if (!isHeader(parsed)) throw corrupt("its header lacks a field or has one of a wrong type");
  return parsed;
}

/** A list of pools as it arrives from outside the process; throws AppError `ROUTER_SNAPSHOT_CORRUPT` when it is something else. */
export function checkPools(value: unknown): readonly Pool[] {
  if (!Array.isArray(value) || !value.every(isPool)) throw corrupt("it is not a list of pools");
  return value;
}

function hashOf(body: string | Buffer): string {
  return createHash("sha256").update(body).digest("hex");
}

function corrupt(what: string, cause?: unknown): AppError {
  return new AppError("ROUTER_SNAPSHOT_CORRUPT", what, { cause });
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isHeader(value: unknown): value is GenerationHeader {
  return (
    isRecord(value) &&
    isCount(value["number"]) &&
    value["number"] > 0 &&
    isCount(value["createdAtMs"]) &&
    isCount(value["routes"]) &&
    isCount(value["pools"]) &&
    typeof value["source"] === "string" &&
    typeof value["sha256"] === "string" &&
    typeof value["routesSha256"] === "string" &&
    isRecord(value["revisions"]) &&
    Object.values(value["revisions"]).every((revision) => typeof revision === "string")
  );
}

function isCall(value: unknown): value is Call {
  return (
    isRecord(value) &&
    typeof value["name"] === "string" &&
    Array.isArray(value["args"]) &&
    value["args"].every((argument) => typeof argument === "string" || typeof argument === "number")
  );
}

function isRoute(value: unknown): value is RouteDefinition {
  return (
    isRecord(value) &&
    typeof value["id"] === "string" &&
    Array.isArray(value["predicates"]) &&
    value["predicates"].every(isCall) &&
    Array.isArray(value["filters"]) &&
    value["filters"].every(isCall) &&
    isBackend(value["backend"])
  );
}

function isBackend(value: unknown): value is Backend {
  if (!isRecord(value)) return false;
  switch (value["type"]) {
    case "network":
      return typeof value["address"] === "string";
    case "pool":
      return typeof value["pool"] === "string" && typeof value["algorithm"] === "string";
    case "loadBalanced":
      return (
        typeof value["algorithm"] === "string" &&
        Array.isArray(value["endpoints"]) &&
        value["endpoints"].every((address) => typeof address === "string")
      );
    case "shunt":
    case "loopback":
    case "dynamic":
    case "forward":
      return true;
    default:
      return false;
  }
}

function isPool(value: unknown): value is Pool {
  return isRecord(value) && typeof value["id"] === "string" && Array.isArray(value["endpoints"]) && value["endpoints"].every(isEndpoint);
}

function isEndpoint(value: unknown): value is Endpoint {
  return (
    isRecord(value) &&
    typeof value["address"] === "string" &&
    (value["tier"] === "fresh" || value["tier"] === "withdrawn") &&
    (value["zone"] === undefined || typeof value["zone"] === "string")
  );
}
