import { apiVersionOf } from "../decode.ts";
import type { Resource } from "../resource.ts";
import { type HostileAnswer, type HostileRequest, type HostileServer, createHostileServer } from "./hostile-server.ts";

/** Answers one request instead of the world; false leaves it to the world. */
export type Interference = (request: HostileRequest, answer: HostileAnswer) => boolean;

/**
 * One kind behind a hostile server: honest lists and watches (which replay what came after their revision), until a test interferes. The objects are of `resource`, in namespace `shop` where it
 * has namespaces; every change takes the next revision and goes to all open watches.
 */
export interface ListedWorld {
  readonly server: HostileServer;
  put(name: string, more?: object): void;
  /** With its event; `silently` leaves it out, as an outage would. */
  drop(name: string, silently?: boolean): void;
  bookmark(): void;
  /** Ends all watches: an orderly end, or a reset. */
  endWatches(how?: "end" | "reset"): void;
  interfere(interference: Interference | undefined): void;
  revision: number;
  readonly openWatches: number;
  readonly lists: number;
  close(): Promise<void>;
}

export async function createListedWorld(resource: Resource): Promise<ListedWorld> {
  const objects = new Map<string, object>();
  const history: { readonly revision: number; readonly line: string }[] = [];
  let watches: HostileAnswer[] = [];
  let interference: Interference | undefined;
  let lists = 0;
  const server = await createHostileServer((request, answer) => {
    if (interference?.(request, answer) === true) return;
    if (request.query.get("watch") === "true") {
      answer.openChunked();
      const from = Number(request.query.get("resourceVersion"));
      for (const { revision, line } of history) if (revision > from) answer.chunk(line);
      watches.push(answer);
      return;
    }
    lists++;
    answer.json({
      kind: `${resource.kind}List`,
      apiVersion: apiVersionOf(resource),
      metadata: { resourceVersion: String(world.revision) },
      items: [...objects.values()],
    });
  });
  const say = (type: string, object: object): void => {
    const line = `${JSON.stringify({ type, object })}\n`;
    if (type !== "BOOKMARK") history.push({ revision: world.revision, line });
    for (const watch of watches) watch.chunk(line);
  };
  const build = (name: string, more: object): object => ({
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: { name, ...(resource.namespaced ? { namespace: "shop" } : {}), resourceVersion: String(world.revision) },
    ...more,
  });
  const world: ListedWorld = {
    server,
    revision: 100,
    put(name, more = {}) {
      world.revision++;
      const type = objects.has(name) ? "MODIFIED" : "ADDED";
      objects.set(name, build(name, more));
      say(type, build(name, more));
    },
    drop(name, silently = false) {
      world.revision++;
      if (objects.delete(name) && !silently) say("DELETED", build(name, {}));
    },
    bookmark: () =>
      say("BOOKMARK", { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata: { resourceVersion: String(world.revision) } }),
    endWatches(how = "end") {
      for (const watch of watches) {
        if (how === "end") watch.endChunked();
        else watch.reset();
      }
      watches = [];
    },
    interfere(next) {
      interference = next;
    },
    get openWatches() {
      return watches.length;
    },
    get lists() {
      return lists;
    },
    close: () => server.close(),
  };
  return world;
}
