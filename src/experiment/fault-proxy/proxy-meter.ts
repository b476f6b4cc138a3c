import type { MetricsRegistry } from "../../telemetry/index.ts";
import type { StreamName } from "./tcp/toxic.ts";

const LABELS = ["direction", "proxy", "listener", "upstream"];

/** The figures of Toxiproxy, by its names. */
export class ProxyMeter {
  readonly #received: ReturnType<MetricsRegistry["counter"]>;
  readonly #sent: ReturnType<MetricsRegistry["counter"]>;

  constructor(registry: MetricsRegistry) {
    this.#received = registry.counter("toxiproxy_proxy_received_bytes_total", "Bytes that came in.", LABELS);
    this.#sent = registry.counter("toxiproxy_proxy_sent_bytes_total", "Bytes that went out.", LABELS);
  }

  series(proxy: string, listener: string, upstream: string): (stream: StreamName, what: "received" | "sent", bytes: number) => void {
    const cells = {
      upstream: {
        received: this.#received.with("upstream", proxy, listener, upstream),
        sent: this.#sent.with("upstream", proxy, listener, upstream),
      },
      downstream: {
        received: this.#received.with("downstream", proxy, listener, upstream),
        sent: this.#sent.with("downstream", proxy, listener, upstream),
      },
    };
    return (stream, what, bytes) => cells[stream][what].add(bytes);
  }
}
