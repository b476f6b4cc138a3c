import { AppError } from "../../../kernel/index.ts";
import { type ProxyDeps, TcpProxy } from "../tcp/tcp-proxy.ts";
import type { Toxic } from "../tcp/toxic.ts";
import { HttpFront } from "../http/front.ts";
import { type ProxyInput, missing, readToxic, readToxicChange } from "./read-body.ts";
import { Refused } from "./refused.ts";

const MOST_PROXIES = 256;
const MOST_TOXICS = 64;

/** The proxies by name. Changes are made one after another. */
export class ProxyBook {
  readonly #deps: ProxyDeps;
  readonly #proxies = new Map<string, TcpProxy>();
  readonly #fronts = new WeakMap<TcpProxy, HttpFront>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: ProxyDeps) {
    this.#deps = deps;
  }

  all(): readonly TcpProxy[] {
    return [...this.#proxies.values()];
  }

  /** Throws {@link Refused} with 404. */
  get(name: string): TcpProxy {
    const proxy = this.#proxies.get(name);
    if (proxy === undefined) throw new Refused(404, "proxy not found");
    return proxy;
  }

  create(input: ProxyInput): Promise<TcpProxy> {
    return this.#inTurn(async () => {
      const proxy = this.#make(input);
      if (this.#proxies.has(proxy.name)) throw new Refused(409, "proxy already exists");
      if (input.enabled !== false) await startOf(proxy);
      this.#proxies.set(proxy.name, proxy);
      return proxy;
    });
  }

  /** Adds them; one of the same name is replaced if its addresses are others. */
  populate(inputs: readonly ProxyInput[]): Promise<readonly TcpProxy[]> {
    return this.#inTurn(async () => {
      const populated: TcpProxy[] = [];
      for (const input of inputs) {
        const old = this.#proxies.get(input.name ?? "");
        if (old !== undefined && old.listen === input.listen && old.upstream === input.upstream) {
          populated.push(old);
          continue;
        }
        const proxy = this.#make(input);
        await old?.stop();
        if (input.enabled !== false) await startOf(proxy);
        this.#proxies.set(proxy.name, proxy);
        populated.push(proxy);
      }
      return populated;
    });
  }

  update(name: string, input: ProxyInput): Promise<TcpProxy> {
    return this.#inTurn(async () => {
      const proxy = this.get(name);
      const enabled = input.enabled ?? proxy.isEnabled;
      const listen = input.listen ?? proxy.listen;
      const upstream = input.upstream ?? proxy.upstream;
      if (listen !== proxy.listen || upstream !== proxy.upstream) await moved(proxy, listen, upstream);
      if (enabled) await startOf(proxy);
      else await proxy.stop();
      return proxy;
    });
  }

  remove(name: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.get(name).stop();
      this.#proxies.delete(name);
    });
  }

  /** Every proxy listens, and no toxic is set. */
  reset(): Promise<void> {
    return this.#inTurn(async () => {
      for (const proxy of this.#proxies.values()) {
        await startOf(proxy);
        for (const toxic of proxy.toxics) proxy.removeToxic(toxic);
        this.#fronts.get(proxy)?.rules.clear();
      }
    });
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      await Promise.all(this.all().map((proxy) => proxy.stop()));
    });
  }

  addToxic(name: string, body: unknown): Toxic {
    const proxy = this.get(name);
    const toxic = readToxic(body);
    if (proxy.toxics.some((other) => other.name === toxic.name)) throw new Refused(409, "toxic already exists");
    if (proxy.toxics.length >= MOST_TOXICS) throw new Refused(400, `a proxy has at most ${MOST_TOXICS} toxics; remove one first`);
    proxy.addToxic(toxic);
    return toxic;
  }

  toxic(name: string, toxicName: string): Toxic {
    const toxic = this.get(name).toxics.find((other) => other.name === toxicName);
    if (toxic === undefined) throw new Refused(404, "toxic not found");
    return toxic;
  }

  changeToxic(name: string, toxicName: string, body: unknown): Toxic {
    const toxic = readToxicChange(body, this.toxic(name, toxicName));
    this.get(name).changeToxic(toxic);
    return toxic;
  }

  removeToxic(name: string, toxicName: string): void {
    this.get(name).removeToxic(this.toxic(name, toxicName));
  }

  /** What understands HTTP in a proxy. Throws {@link Refused} where nothing does. */
  front(name: string): HttpFront {
    const front = this.#fronts.get(this.get(name));
    if (front === undefined) throw new Refused(400, 'only a proxy with "protocol": "http" has rules');
    return front;
  }

  /** Whether it understands HTTP. */
  isHttp(proxy: TcpProxy): boolean {
    return this.#fronts.has(proxy);
  }

  #make({ name = "", listen = "", upstream = "", http }: ProxyInput): TcpProxy {
    if (name === "") throw missing("name");
    if (upstream === "") throw missing("upstream");
    if (this.#proxies.size >= MOST_PROXIES) throw new Refused(400, `there are at most ${MOST_PROXIES} proxies; remove one first`);
    try {
      if (http === undefined) return new TcpProxy({ name, listen, upstream }, this.#deps);
      const settings = { upstream: { url: upstream, from: this.#deps.from, ...http.upstreamTls }, tls: http.tls };
      const front = new HttpFront(settings, this.#deps);
      const proxy = new TcpProxy({ name, listen, upstream }, this.#deps, front);
      this.#fronts.set(proxy, front);
      return proxy;
    } catch (error) {
      throw refusedOf(error);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

async function startOf(proxy: TcpProxy): Promise<void> {
  try {
    await proxy.start();
  } catch (error) {
    throw refusedOf(error);
  }
}

async function moved(proxy: TcpProxy, listen: string, upstream: string): Promise<void> {
  try {
    await proxy.move(listen, upstream);
  } catch (error) {
    throw refusedOf(error);
  }
}

/** 500, as with Toxiproxy: for it an address that cannot be had or read is a failure of the server. */
function refusedOf(error: unknown): unknown {
  return error instanceof AppError ? new Refused(500, error.message) : error;
}
