import { getHeapStatistics } from "node:v8";
import { MetricsRegistry, prometheusText } from "../../telemetry/index.ts";
import type { JsonObject } from "./json.ts";
import type { Store } from "./store.ts";

/** What the server tells of itself. */
export interface ServerMetrics {
  count(verb: string, resource: string, code: number): void;
  /** Prometheus text. */
  render(): string;
  /** What `GET /lab/memory` answers: bytes in use and where V8 gives up. */
  memory(): JsonObject;
}

export function createServerMetrics(store: Store): ServerMetrics {
  const registry = new MetricsRegistry();
  const requests = registry.counter("apiserver_request_total", "Requests answered, by verb, resource and status code.", [
    "verb",
    "resource",
    "code",
  ]);
  const objects = registry.gauge("apiserver_storage_objects", "Objects stored, by resource.", ["resource"]);
  const rss = registry.gauge("process_resident_memory_bytes", "Resident memory of the process.").with();
  const heapUsed = registry.gauge("nodejs_heap_size_used_bytes", "V8 heap in use.").with();
  const heapLimit = registry.gauge("nodejs_heap_size_limit_bytes", "V8 heap limit; the process is aborted when it is reached.").with();
  const memory = (): { heapUsedBytes: number; heapLimitBytes: number; rssBytes: number } => {
    const heap = getHeapStatistics();
    return { heapUsedBytes: heap.used_heap_size, heapLimitBytes: heap.heap_size_limit, rssBytes: process.memoryUsage.rss() };
  };
  return {
    count: (verb, resource, code) => requests.with(verb, resource, String(code)).add(),
    memory,
    render() {
      const now = memory();
      rss.set(now.rssBytes);
      heapUsed.set(now.heapUsedBytes);
      heapLimit.set(now.heapLimitBytes);
      for (const [collection, count] of store.counts()) objects.with(collection).set(count);
      return prometheusText.render(registry.dump());
    },
  };
}
