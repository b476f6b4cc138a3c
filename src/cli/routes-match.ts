import { isIP } from "node:net";
import { AppError, assertNever, systemClock } from "../kernel/index.ts";
import { type Rehearsal, type RehearsedRequest, type RouteDefinition, getHeader, printEskip, rehearse } from "../route/index.ts";
import { ExitCode } from "./exit-codes.ts";
import { loadRoutes, registryWith, reportProblems } from "./routes-check.ts";

interface MatchOptions {
  readonly routes: string;
  readonly header: readonly string[];
  readonly client: string;
  readonly chance: string;
  readonly time?: string;
  readonly plugin: readonly string[];
  readonly json?: boolean;
}

/** Shows which route answers. Problems of the file are told, but do not hinder: the route in question may be sound. */
export async function matchRoute(method: string, url: string, options: MatchOptions): Promise<void> {
  const request = readRequest(method, url, options);
  const { parsed, table, problems } = loadRoutes(options.routes, await registryWith(options.plugin));
  const rehearsal = rehearse(table, request);
  process.stdout.write(
    options.json === true ? `${JSON.stringify(asJson(rehearsal), null, 2)}\n` : describe(rehearsal, request, parsed.routes),
  );
  const found = rehearsal.outcome !== "unmatched" && rehearsal.outcome !== "refused";
  reportProblems(problems);
  if (!found) process.exitCode = ExitCode.failed;
}

function readRequest(method: string, url: string, { header, client, chance, time }: MatchOptions): RehearsedRequest {
  const headers = header.flatMap((line) => {
    const [, name, value] = /^([^\s:]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new AppError("CLI_USAGE", `-H "${line}": expected 'Name: value'`);
    return [name, value];
  });
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(method)) throw new AppError("CLI_USAGE", `"${method}": expected a method as in GET`);
  // Not through URL: it would resolve and encode what the router is to see as sent.
  const [, scheme, authority, path, query] = /^(?:(https?):\/\/([^/?#]+))?(\/[^?#]*)?(?:\?([^#]*))?$/.exec(url) ?? [];
  if (authority === undefined && path === undefined)
    throw new AppError("CLI_USAGE", `"${url}": expected a URL as in http://example.org/path, or a path`);
  if (isIP(client) === 0) throw new AppError("CLI_USAGE", `--client "${client}": expected an IP address`);
  const number = Number(chance);
  if (chance.trim() === "" || !(number >= 0 && number <= 1))
    throw new AppError("CLI_USAGE", `--chance "${chance}": expected a number from 0 to 1`);
  const nowMs = time === undefined ? systemClock.wallMs() : Date.parse(time);
  if (Number.isNaN(nowMs)) throw new AppError("CLI_USAGE", `--time "${time}": expected a time as in 2026-02-28T12:00:00Z`);
  if (authority !== undefined && getHeader(headers, "host") === undefined) headers.unshift("Host", authority);
  return {
    method,
    scheme: scheme === "https" ? "https" : "http",
    path: path ?? "/",
    query: query ?? "",
    headers,
    clientAddress: client,
    chance: number,
    nowMs,
  };
}

function asJson(rehearsal: Rehearsal): object {
  if (!("route" in rehearsal)) return rehearsal;
  const { route, ...rest } = rehearsal;
  const found = { ...rest, route: route.id, backend: route.backend };
  return "body" in found ? { ...found, body: new TextDecoder().decode(found.body) } : found;
}

function describe(rehearsal: Rehearsal, request: RehearsedRequest, routes: readonly RouteDefinition[]): string {
  const id = "route" in rehearsal ? rehearsal.route.id : undefined;
  const written = routes.filter((route) => route.id === id).slice(0, 1);
  switch (rehearsal.outcome) {
    case "refused":
      return `refused with 400: ${rehearsal.reason}\n`;
    case "unmatched":
      return getHeader(request.headers, "host") === undefined
        ? "no route answers; the request names no host: give a whole URL, or -H 'Host: NAME'\n"
        : "no route answers\n";
    case "broken":
      return `${printEskip(written)}answers ${rehearsal.status}: ${rehearsal.reason}\n`;
    case "unfinished":
      return `${printEskip(written)}cannot be said without a router: ${rehearsal.reason}\n`;
    case "sent":
    case "answered":
      return [...describeExchange(rehearsal, request, written)].map((line) => `${line}\n`).join("");
    default:
      return assertNever(rehearsal);
  }
}

function* describeExchange(
  rehearsal: Extract<Rehearsal, { path: string }>,
  request: RehearsedRequest,
  written: readonly RouteDefinition[],
): Generator<string> {
  yield printEskip(written).trimEnd();
  if (rehearsal.outcome === "sent") {
    yield `sends ${request.method} ${rehearsal.path}${rehearsal.query === "" ? "" : `?${rehearsal.query}`} to ${rehearsal.route.backend.type === "forward" ? "the router that --forward-backend names" : "the back end"}`;
    for (const line of changes(request.headers, rehearsal.requestHeaders)) yield `  ${line}`;
    if (rehearsal.status !== undefined) yield `changes the status to ${rehearsal.status}`;
    for (const line of changes([], rehearsal.responseHeaders)) yield `  response ${line}`;
    yield* rehearsal.wishes;
    return;
  }
  yield `answers ${rehearsal.status ?? 404}`;
  for (const line of changes([], rehearsal.responseHeaders)) yield `  ${line.slice(2)}`;
  if (rehearsal.body.length > 0)
    yield `  ${rehearsal.body.length} bytes: ${JSON.stringify(new TextDecoder().decode(rehearsal.body.subarray(0, 200)))}`;
  yield* rehearsal.wishes;
}

/** Field lines that went (`- `) and came (`+ `). */
function changes(before: readonly string[], after: readonly string[]): readonly string[] {
  const was = lines(before);
  const is = lines(after);
  return [
    ...was.filter((line) => !is.includes(line)).map((line) => `- ${line}`),
    ...is.filter((line) => !was.includes(line)).map((line) => `+ ${line}`),
  ];
}

function lines(list: readonly string[]): readonly string[] {
  return list.flatMap((text, at) => (at % 2 === 0 ? [`${text}: ${list[at + 1]}`] : []));
}
