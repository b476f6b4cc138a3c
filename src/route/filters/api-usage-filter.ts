import type { Cell, HistogramCell, MetricsRegistry } from "../../telemetry/index.ts";
import { type ApiPath, type ApiPaths, type ApiUsageSettings, NO_MATCH, UNKNOWN, readApiPaths } from "../api-usage.ts";
import { type Claims, unprovenClaims } from "../bearer-claims.ts";
import type { FilterServices, Kept } from "../filter-services.ts";
import { type Filter, type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";
import { type LinearRegexp, compileRegexp } from "../regexp.ts";

const NAME = "apiUsageMonitoring";
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"]);
const ALL = "{all}";
const OTHER = "{other}";
/** Clients write tokens: those of one worker that are told apart. */
const MOST_CLIENTS = 1_000;
const NAME_LIMIT = 128;
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** How long one exchange took so far; left in its state. */
interface Timing {
  readonly begunMs: number;
  answeredMs: number | undefined;
}

/** The series of all these filters of one proxy. */
class Usage implements Kept {
  readonly #requests: ReturnType<MetricsRegistry["counter"]>;
  readonly #latency: ReturnType<MetricsRegistry["histogram"]>;
  readonly #clientRequests: ReturnType<MetricsRegistry["counter"]>;
  readonly #clientSeconds: ReturnType<MetricsRegistry["counter"]>;
  readonly #clients = new Set<string>();
  /** Series stay; so does what bounds them. */
  readonly usedMs = Infinity;

  constructor(metrics: MetricsRegistry) {
    const path = ["application", "tag", "api", "method", "path"];
    const client = ["application", "tag", "api", "realm", "client"];
    this.#requests = metrics.counter("holdfast_filter_api_requests_total", "Requests to an API, by path and class of status.", [
      ...path,
      "code",
    ]);
    this.#latency = metrics.histogram("holdfast_filter_api_latency_seconds", "From the filter's request to its response.", BOUNDS, path);
    this.#clientRequests = metrics.counter(
      "holdfast_filter_api_client_requests_total",
      "Requests to an API, by client and class of status.",
      [...client, "code"],
    );
    this.#clientSeconds = metrics.counter("holdfast_filter_api_client_latency_seconds_total", "Time that clients' requests took.", client);
  }

  requests({ application, tag, api, template }: ApiPath, method: string, code: string): Cell {
    return this.#requests.with(application, tag, api, method, template, code);
  }

  latency({ application, tag, api, template }: ApiPath, method: string): HistogramCell {
    return this.#latency.with(application, tag, api, method, template);
  }

  countClient({ application, tag, api }: ApiPath, names: readonly [realm: string, client: string], code: string, seconds: number): void {
    const key = JSON.stringify([application, tag, api, ...names]);
    let [realm, client] = names;
    if (!this.#clients.has(key)) {
      if (this.#clients.size < MOST_CLIENTS) this.#clients.add(key);
      else [realm, client] = [OTHER, OTHER];
    }
    this.#clientRequests.with(application, tag, api, realm, client, code).add();
    this.#clientSeconds.with(application, tag, api, realm, client).add(seconds);
  }
}

class ApiUsage implements Filter {
  readonly #read: ApiPaths;
  /** By path, method and class; bounded, as all three are. */
  readonly #counts = new Map<ApiPath, Map<string, Cell>>();
  readonly #latencies = new Map<ApiPath, Map<string, HistogramCell>>();
  #settings: ApiUsageSettings | undefined = undefined;
  #realms: LinearRegexp | undefined = undefined;
  #usage: Usage | undefined = undefined;
  #hasTold = false;

  constructor(read: ApiPaths) {
    this.#read = read;
  }

  bind(services: FilterServices, routeId: string): void {
    const { apiUsage } = services;
    if (apiUsage === undefined) return;
    this.#settings = apiUsage;
    this.#realms = compileRegexp(apiUsage.realmsPattern);
    if (this.#read.paths.length > 0) this.#usage = services.keep(NAME, () => new Usage(services.metrics));
    if (!this.#hasTold && this.#read.problems.length > 0) services.log.tell(NAME, routeId, { problems: this.#read.problems });
    this.#hasTold = true;
  }

  request(context: FilterContext): void {
    const usage = this.#usage;
    if (usage === undefined) return;
    const timing: Timing = { begunMs: context.clock.monoMs(), answeredMs: undefined };
    const claims = this.#settings?.realmKeys.length === 0 ? undefined : unprovenClaims(context);
    const asked = this.#pathOf(context.path);
    context.state.set(NAME, timing);
    context.onEnd(() => {
      const path = asked ?? this.#pathOf(context.path) ?? this.#read.unknown;
      const seconds = ((timing.answeredMs ?? context.clock.monoMs()) - timing.begunMs) / 1000;
      this.#count(usage, path, context, seconds, claims);
    });
  }

  response({ state, clock }: FilterContext): void {
    const timing = state.get(NAME) as Timing | undefined;
    if (timing !== undefined) timing.answeredMs = clock.monoMs();
  }

  #pathOf(path: string): ApiPath | undefined {
    return this.#read.paths.find(({ regexp }) => regexp?.test(path));
  }

  #count(usage: Usage, path: ApiPath, context: FilterContext, seconds: number, claims: Claims | undefined): void {
    const method = METHODS.has(context.method) ? context.method : UNKNOWN;
    const code = `${Math.trunc(context.responseStatus / 100)}xx`;
    known(this.#counts, path, `${method} ${code}`, () => usage.requests(path, method, code)).add();
    known(this.#latencies, path, method, () => usage.latency(path, method)).observe(seconds);
    const settings = this.#settings;
    if (settings === undefined || settings.realmKeys.length === 0 || !path.hasClients) return;
    if (path.regexp !== undefined && settings.clientKeys.length === 0) return;
    usage.countClient(path, this.#clientOf(settings, path, claims), code, seconds);
  }

  #clientOf({ realmKeys, clientKeys }: ApiUsageSettings, path: ApiPath, claims: Claims | undefined): readonly [string, string] {
    const realm = claims === undefined ? undefined : firstOf(claims, realmKeys);
    if (claims === undefined || realm === undefined) return [UNKNOWN, UNKNOWN];
    if (this.#realms?.test(realm) !== true) return [realm, ALL];
    const client = firstOf(claims, clientKeys);
    if (client === undefined) return [realm, UNKNOWN];
    return [realm, path.clients?.test(client) === true ? client : NO_MATCH];
  }
}

/** What is there under the two keys, made when it is not. */
function known<Series>(all: Map<ApiPath, Map<string, Series>>, path: ApiPath, key: string, make: () => Series): Series {
  let ofPath = all.get(path);
  if (ofPath === undefined) all.set(path, (ofPath = new Map()));
  let series = ofPath.get(key);
  if (series === undefined) ofPath.set(key, (series = make()));
  return series;
}

/** The first of these claims that says something, cut to what a label should have. */
function firstOf(claims: Claims, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value).slice(0, NAME_LIMIT);
  }
  return undefined;
}

/** The filter that counts what of an API is used, and by whom. */
export const apiUsageFilter: FilterSpec = defineFilter({
  name: NAME,
  family: "Metrics",
  does: "counts requests by path of an API, and by client, where the router was started with `--enable-api-usage-monitoring`; else it does nothing.",
  parameters: [
    {
      name: "api",
      type: "text",
      what: "JSON object with `application_id`, `api_id`, `path_templates` (a list as in `foo/orders/{order-id}` or `foo/orders/:order-id`), and perhaps `tag` and `client_tracking_pattern` (an expression on clients; `.*` when left out, empty for no client at all)",
      occurs: "repeated",
    },
  ],
  deviations: [
    "The series are `holdfast_filter_api_requests_total` and `holdfast_filter_api_latency_seconds` with the labels application, tag, api, method, path, and `holdfast_filter_api_client_requests_total` and `holdfast_filter_api_client_latency_seconds_total` with application, tag, api, realm, client; Skipper puts all that into one name.",
    `Realms and clients are what a token says that nobody has checked: a worker tells ${MOST_CLIENTS} of them apart, the others are \`${OTHER}\`.`,
    "Requests that the router answers because something failed count as well.",
  ],
  create: (args) => new ApiUsage(readApiPaths(args)),
});
