import type { EndpointState } from "../balance/index.ts";
import type { EndpointSessions } from "./h2/endpoint-sessions.ts";
import { loopCount } from "./loop-count.ts";
import { UpstreamConnection, type UpstreamEngine } from "./upstream-connection.ts";
import type { Upstream } from "./upstream.ts";

/** Size of the one buffer all endpoints' connections read into. */
const READ_BYTES = 65_536;

/** First in, first out, without moving the rest at each step. */
class IdleQueue {
  readonly #connections: UpstreamConnection[] = [];
  #head = 0;

  get size(): number {
    return this.#connections.length - this.#head;
  }

  get first(): UpstreamConnection | undefined {
    return this.#connections[this.#head];
  }

  push(connection: UpstreamConnection): void {
    this.#connections.push(connection);
  }

  dropFirst(): void {
    this.#head++;
    if (this.#head < 64 || this.#head * 2 < this.#connections.length) return;
    this.#connections.splice(0, this.#head);
    this.#head = 0;
  }

  remove(connection: UpstreamConnection): void {
    const at = this.#connections.indexOf(connection, this.#head);
    if (at >= 0) this.#connections.splice(at, 1);
  }

  all(): readonly UpstreamConnection[] {
    return this.#connections.slice(this.#head);
  }
}

/**
 * Connections to endpoints: those of HTTP/1.1 that are idle, oldest first, and the sessions of HTTP/2. One that became
 * idle a moment ago is not used yet: what an endpoint sends behind its answer, which could be taken for the answer to the next request (undici GHSA-35p6-xmwp-9g52 is of that kind), has to
 * have had the time to be read. That time is one full turn of the event loop.
 */
export class Upstreams {
  readonly #idle = new Map<EndpointState, IdleQueue>();
  readonly #readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);
  #engine: UpstreamEngine | undefined = undefined;
  #sessions: EndpointSessions | undefined = undefined;
  /** No connection is kept any more. */
  #isClosed = false;

  bind(engine: UpstreamEngine, sessions: EndpointSessions): void {
    this.#engine = engine;
    this.#sessions = sessions;
  }

  /** What carries one request to the endpoint; `isNew`: no connection of HTTP/1.1 that was idle. */
  acquire(endpoint: EndpointState, isNew: boolean): Upstream {
    if (this.#engine === undefined || this.#sessions === undefined) throw new Error("upstreams are used before they are bound");
    if (endpoint.isHttp2) return this.#sessions.stream(endpoint);
    return (isNew ? undefined : this.#take(endpoint)) ?? new UpstreamConnection(endpoint, this.#engine, this.#readBuffer);
  }

  /** What carries one request on a connection that begins with `header`, which speaks of its client alone. */
  announce(endpoint: EndpointState, header: Buffer): Upstream {
    if (this.#engine === undefined || this.#sessions === undefined) throw new Error("upstreams are used before they are bound");
    endpoint.takesHeader = true;
    if (endpoint.isHttp2) return this.#sessions.announce(endpoint, header);
    return new UpstreamConnection(endpoint, this.#engine, this.#readBuffer, header);
  }

  #take(endpoint: EndpointState): UpstreamConnection | undefined {
    const idle = this.#idle.get(endpoint);
    const first = idle?.first;
    if (idle === undefined || first === undefined || first.idleSinceLoop + 2 > loopCount()) return undefined;
    idle.dropFirst();
    return first;
  }

  /** Keeps a connection whose response is whole; false when it is not wanted. */
  keep(connection: UpstreamConnection): boolean {
    if (this.#isClosed || this.#engine === undefined || connection.endpoint.isRemoved) return false;
    let idle = this.#idle.get(connection.endpoint);
    if (idle === undefined) {
      idle = new IdleQueue();
      this.#idle.set(connection.endpoint, idle);
    }
    const { idleConnectionsPerEndpoint, idleConnectionsPerDynamicEndpoint } = this.#engine.options.limits;
    if (idle.size >= (connection.endpoint.isDynamic ? idleConnectionsPerDynamicEndpoint : idleConnectionsPerEndpoint)) return false;
    connection.idleSinceLoop = loopCount();
    idle.push(connection);
    return true;
  }

  /** An idle connection was closed. */
  forget(connection: UpstreamConnection): void {
    const idle = this.#idle.get(connection.endpoint);
    idle?.remove(connection);
    if (idle?.size === 0) this.#idle.delete(connection.endpoint);
  }

  /** Closes what is idle to endpoints that are gone; requests under way finish. */
  drop(endpoints: readonly EndpointState[]): void {
    for (const endpoint of endpoints) {
      const idle = this.#idle.get(endpoint);
      this.#idle.delete(endpoint);
      for (const connection of idle?.all() ?? []) connection.destroy();
    }
    this.#sessions?.drop(endpoints);
  }

  close(): void {
    this.#isClosed = true;
    this.drop([...this.#idle.keys()]);
    this.#sessions?.close();
  }
}
