import { type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { type KubeObject, type Resource, kinds } from "../src/kube/index.ts";

/**
 * As much of an API server as a router asks for: lists in pages and watches. It keeps nothing but the newest version of each object and serves
 * a hundred thousand of them, which the lab's server, with its validation and history, is not made for.
 */
export interface BenchApiServer {
  readonly port: number;
  /** Puts an object without telling anybody, before the first list. */
  fill(resource: Resource, objects: readonly KubeObject[]): void;
  /** Replaces an object (it is told to every watch); the clock's time when it was sent. */
  modify(resource: Resource, change: (revision: number) => KubeObject): number;
  /** Watches that are open. */
  readonly watches: number;
  close(): Promise<void>;
}

interface Kind {
  readonly resource: Resource;
  readonly objects: Map<string, KubeObject>;
  readonly watches: Set<ServerResponse>;
}

const SERVED: readonly Resource[] = [kinds.ingresses, kinds.routeGroups, kinds.ingressClasses, kinds.services, kinds.endpointSlices];

export async function startBenchApiServer(): Promise<BenchApiServer> {
  const served = new Map<string, Kind>(
    SERVED.map((resource) => [pathOf(resource), { resource, objects: new Map(), watches: new Set<ServerResponse>() }]),
  );
  let revision = 1_000;
  const kindOf = (resource: Resource): Kind => {
    const kind = served.get(pathOf(resource));
    if (kind === undefined) throw new Error(`${resource.plural} are not served`);
    return kind;
  };
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const kind = served.get(url.pathname);
    request.resume();
    if (kind === undefined || request.method !== "GET") {
      response.writeHead(kind === undefined ? 404 : 405).end();
      return;
    }
    response.setHeader("content-type", "application/json");
    if (url.searchParams.get("watch") === null) {
      response.end(page(kind, url.searchParams, revision));
      return;
    }
    response.writeHead(200).flushHeaders();
    kind.watches.add(response);
    response.on("close", () => kind.watches.delete(response));
  });
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    fill(resource, objects) {
      const kind = kindOf(resource);
      for (const object of objects) kind.objects.set(object.metadata.name, object);
    },
    modify(resource, change) {
      revision++;
      const kind = kindOf(resource);
      const object = change(revision);
      kind.objects.set(object.metadata.name, object);
      const line = `${JSON.stringify({ type: "MODIFIED", object })}\n`;
      const sentAtMs = performance.now();
      for (const watch of kind.watches) watch.write(line);
      return sentAtMs;
    },
    get watches() {
      return [...served.values()].reduce((sum, { watches }) => sum + watches.size, 0);
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function pathOf({ group, version, plural }: Resource): string {
  return `${group === "" ? "/api" : `/apis/${group}`}/${version}/${plural}`;
}

/** `limit` and `continue`, the token being where the page begins. */
function page({ resource, objects }: Kind, query: URLSearchParams, revision: number): string {
  const start = Number(query.get("continue") ?? "0");
  const limit = Number(query.get("limit") ?? "0") || objects.size;
  const items = [...objects.values()].slice(start, start + Math.max(1, limit));
  const end = start + items.length;
  return JSON.stringify({
    kind: `${resource.kind}List`,
    apiVersion: resource.group === "" ? resource.version : `${resource.group}/${resource.version}`,
    metadata: { resourceVersion: String(revision), ...(end < objects.size ? { continue: String(end) } : {}) },
    items,
  });
}
