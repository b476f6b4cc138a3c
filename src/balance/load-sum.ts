import type { EndpointState, LoadWatcher } from "./endpoint-state.ts";

/** Requests in flight to several endpoints together, kept up to date by each request. */
export class LoadSum implements LoadWatcher {
  #endpoints: readonly EndpointState[] = [];
  inFlight = 0;

  fill(endpoints: readonly EndpointState[]): void {
    for (const endpoint of this.#endpoints) endpoint.unwatch(this);
    this.#endpoints = endpoints;
    this.inFlight = 0;
    for (const endpoint of endpoints) {
      endpoint.watch(this);
      this.inFlight += endpoint.inFlight;
    }
  }

  loadChanged(_endpoint: EndpointState, change: 1 | -1): void {
    this.inFlight += change;
  }
}
