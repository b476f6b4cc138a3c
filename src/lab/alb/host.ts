import { AppError, messageOf } from "../../kernel/index.ts";
import type { LoadBalancerConfig } from "./config.ts";
import { LoadBalancer, type LoadBalancerDeps } from "./load-balancer.ts";
import type { HostedLoadBalancer } from "./hosted.ts";
import { writeHosted } from "./host-file.ts";

/** Load balancers in one process, each by its id. They come and go at any time; what one does is nothing to the others. */
export class LoadBalancerHost {
  readonly #deps: LoadBalancerDeps;
  readonly #stateFile: string | undefined;
  readonly #hosted = new Map<string, LoadBalancer>();
  readonly #configs = new Map<string, LoadBalancerConfig>();
  /** What each became without anything that was refused; not in it otherwise. */
  readonly #done = new Map<string, LoadBalancerConfig>();

  constructor(stateFile: string | undefined, deps: LoadBalancerDeps) {
    this.#stateFile = stateFile;
    this.#deps = deps;
  }

  /** Starts what a host had. One that cannot listen does not stop the others: whoever configures it is told by its revision, and says it again. */
  async resume(configs: readonly LoadBalancerConfig[]): Promise<void> {
    await Promise.all(
      configs.map(async (config) => {
        try {
          await this.put(config);
        } catch (error) {
          this.#deps.log.error({ loadBalancer: config.id, reason: messageOf(error) }, "load balancer not started as it was");
        }
      }),
    );
  }

  /** Makes a load balancer, or makes the one of this id so. Rejects with AppError ALB_LISTEN, ALB_HOST_UNWRITABLE; what could be done is done then. */
  async put(config: LoadBalancerConfig): Promise<void> {
    const known = this.#hosted.get(config.id);
    const loadBalancer = known ?? new LoadBalancer(config, this.#deps);
    this.#hosted.set(config.id, loadBalancer);
    this.#done.delete(config.id);
    const applied = loadBalancer.apply(config);
    this.#save(config);
    await applied;
    this.#done.set(config.id, config);
  }

  /** Rejects with AppError ALB_LOAD_BALANCER_NOT_FOUND. */
  async delete(id: string): Promise<void> {
    const loadBalancer = this.get(id);
    this.#hosted.delete(id);
    this.#done.delete(id);
    this.#configs.delete(id);
    this.#save();
    await loadBalancer.close();
  }

  /** @throws AppError ALB_LOAD_BALANCER_NOT_FOUND */
  get(id: string): LoadBalancer {
    const found = this.#hosted.get(id);
    if (found !== undefined) return found;
    throw new AppError("ALB_LOAD_BALANCER_NOT_FOUND", `no load balancer ${id}; GET /load-balancers lists what there is`);
  }

  list(): readonly HostedLoadBalancer[] {
    return [...this.#hosted].map(([id, loadBalancer]) => {
      const { name, nodes, targetGroups } = loadBalancer.state();
      const { forwarded, clients } = loadBalancer.accounting;
      const traffic = { forwarded, bytes: clients.bytes, openConnections: clients.open };
      return { id, name, revision: this.#done.get(id)?.revision ?? null, nodes, traffic, targetGroups };
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#hosted.values()].map((loadBalancer) => loadBalancer.close()));
  }

  #save(changed?: LoadBalancerConfig): void {
    if (changed !== undefined) this.#configs.set(changed.id, changed);
    if (this.#stateFile !== undefined) writeHosted(this.#stateFile, [...this.#configs.values()]);
  }
}
