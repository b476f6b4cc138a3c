import { type World, convert, defaultConvertOptions } from "../../ingress/index.ts";
import { type KubeClient, type KubeObject, type Resource, kinds, objectKey } from "../../kube/index.ts";
import type { SourceStatus } from "../../mirror/index.ts";
import type { ControlStatus, RoutesSource } from "../messages.ts";
import { openClusterClient } from "./cluster-client.ts";
import type { ControlSource, SourceDeps } from "./source.ts";

/** What routers polled with in 2017 (Skipper's -source-poll-timeout). */
const POLL_MS = 3_000;
const LIST_TIMEOUT_MS = 3_000;
const HEALTH_TIMEOUT_MS = 1_500;

/** One attempt, and no circuit breaker that would answer in the API server's place. */
const UNGUARDED = { attempts: 1, circuit: { windowMs: 10_000, minimumCalls: 1_000_000, failureShare: 1, openMs: 500, openCapMs: 10_000 } };

/**
 * The router of 2017, for comparison: it lists everything every three seconds and believes whatever comes of it. No answer is "none":
 * a failed list is an empty list, and its routes are gone. Its health is the API server's.
 */
export async function openNaiveSource(routes: Exclude<RoutesSource, { type: "file" }>, deps: SourceDeps): Promise<ControlSource> {
  const client = await openClusterClient(routes, deps, { caller: UNGUARDED });
  const source = new NaiveSource(client, deps);
  source.poll();
  return source;
}

class NaiveSource implements ControlSource {
  readonly #client: KubeClient;
  readonly #deps: SourceDeps;
  readonly #sources: Record<string, SourceStatus> = {};
  readonly #heardAtMs = new Map<string, number>();

  constructor(client: KubeClient, deps: SourceDeps) {
    this.#client = client;
    this.#deps = deps;
  }

  poll(): void {
    void this.#load().finally(() => this.#deps.clock.timer(POLL_MS, () => this.poll()));
  }

  status(): Omit<ControlStatus, "snapshot"> {
    return { knowledge: "live", sources: this.#sources, held: [], problems: [] };
  }

  decide(): Promise<string | undefined> {
    return Promise.resolve("policy naive holds nothing back");
  }

  async apiAnswers(): Promise<boolean> {
    try {
      await this.#client.request({ path: "/version", timeoutMs: HEALTH_TIMEOUT_MS, priority: "high" });
      return true;
    } catch {
      return false;
    }
  }

  async #load(): Promise<void> {
    const [ingresses, routeGroups, services, endpointSlices, ingressClasses] = await Promise.all([
      this.#list(kinds.ingresses),
      this.#list(kinds.routeGroups),
      this.#list(kinds.services),
      this.#list(kinds.endpointSlices),
      this.#list(kinds.ingressClasses),
    ]);
    const world: World = { ingresses, routeGroups, services, endpointSlices, ingressClasses };
    this.#deps.publisher.publishAll(convert(world, defaultConvertOptions).routeSet, {});
    this.#deps.onStatus();
  }

  async #list(resource: Resource): Promise<ReadonlyMap<string, KubeObject>> {
    const { clock } = this.#deps;
    let objects = new Map<string, KubeObject>();
    let failure: { readonly problem: string } | Record<string, never> = {};
    try {
      const { items } = await this.#client.list(resource, { timeoutMs: LIST_TIMEOUT_MS });
      objects = new Map(items.map((item) => [objectKey(item.metadata), item]));
      this.#heardAtMs.set(resource.kind, clock.monoMs());
    } catch (error) {
      failure = { problem: error instanceof Error ? error.message : String(error) };
    }
    const heardAtMs = this.#heardAtMs.get(resource.kind);
    const age = heardAtMs === undefined ? {} : { ageMs: clock.monoMs() - heardAtMs };
    this.#sources[resource.kind] = { state: "problem" in failure ? "failing" : "live", objects: objects.size, ...age, ...failure };
    return objects;
  }
}
