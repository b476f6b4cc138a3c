import type { EndpointState } from "../../balance/index.ts";
import type { EndpointHttp2Metrics } from "./endpoint-metrics.ts";
import { EndpointSession, type PlacedRequest, type SessionEngine, type SessionOwner } from "./endpoint-session.ts";
import { EndpointStream } from "./endpoint-stream.ts";

/** The HTTP/2 connections by endpoint: as few as its SETTINGS allow for what is under way. */
export class EndpointSessions implements SessionOwner {
  readonly #engine: SessionEngine;
  readonly #metrics: EndpointHttp2Metrics;
  readonly #byEndpoint = new Map<EndpointState, EndpointSession[]>();
  /** Also those that only finish what is open. */
  readonly #all = new Set<EndpointSession>();

  constructor(engine: SessionEngine, metrics: EndpointHttp2Metrics) {
    this.#engine = engine;
    this.#metrics = metrics;
  }

  /** A stream to the endpoint, which may have to be connected to first. */
  stream(endpoint: EndpointState): EndpointStream {
    const stream = new EndpointStream(this.#engine);
    this.place(stream, endpoint);
    return stream;
  }

  /** A stream on a connection of its own, which begins with `header`. */
  announce(endpoint: EndpointState, header: Buffer): EndpointStream {
    const stream = new EndpointStream(this.#engine);
    const session = new EndpointSession(endpoint, this.#engine, this.#metrics, this, header);
    this.#all.add(session);
    session.take(stream);
    session.close();
    return stream;
  }

  place(stream: PlacedRequest, endpoint: EndpointState): void {
    const sessions = this.#byEndpoint.get(endpoint);
    // The oldest first: those that are not needed any more become idle.
    const session = sessions?.find(({ hasRoom }) => hasRoom) ?? this.#open(endpoint, sessions);
    session.take(stream);
  }

  forget(session: EndpointSession): void {
    const sessions = this.#byEndpoint.get(session.endpoint);
    const at = sessions?.indexOf(session) ?? -1;
    if (at >= 0) sessions?.splice(at, 1);
    if (sessions?.length === 0) this.#byEndpoint.delete(session.endpoint);
  }

  ended(session: EndpointSession): void {
    this.#all.delete(session);
  }

  /** Endpoints that are gone: requests under way finish. */
  drop(endpoints: readonly EndpointState[]): void {
    for (const endpoint of endpoints) {
      for (const session of this.#byEndpoint.get(endpoint)?.slice() ?? []) session.close();
    }
  }

  close(): void {
    for (const session of this.#all) session.destroy();
  }

  #open(endpoint: EndpointState, known: EndpointSession[] | undefined): EndpointSession {
    const session = new EndpointSession(endpoint, this.#engine, this.#metrics, this);
    this.#all.add(session);
    if (known === undefined) this.#byEndpoint.set(endpoint, [session]);
    else known.push(session);
    return session;
  }
}
