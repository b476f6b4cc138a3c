import type { HeldView } from "../../admin/index.ts";
import type { LoadBalancersView } from "../../alb/index.ts";
import type { Clock } from "../../kernel/index.ts";
import type { Fleet } from "../manifests/index.ts";
import { CONTROLLER_ADMIN_PORT, controllerName } from "../manifests/load-balancer-controller.ts";
import type { LocalPod } from "./local-pod.ts";
import { Poller, type Reading } from "./poller.ts";

const INTERVAL_MS = 1_500;

interface Controller {
  readonly url: () => string | undefined;
  readonly loadBalancers: Poller<LoadBalancersView>;
  readonly held: Poller<HeldView>;
}

/** Reads the admin listeners of the controllers of load balancers, wherever their pods are. */
export class Controllers {
  readonly #controllers: ReadonlyMap<string, Controller>;
  readonly #headers: Readonly<Record<string, string>>;

  /** `pods`: all that any kubelet runs now; `token`: of the controllers' admin listeners. */
  constructor(fleets: readonly Fleet[], pods: () => readonly LocalPod[], token: string, clock: Clock) {
    this.#headers = { authorization: `Bearer ${token}` };
    const asked = { headers: this.#headers, intervalMs: INTERVAL_MS, timeoutMs: 2_000 };
    this.#controllers = new Map(
      fleets.map((fleet) => {
        const url = (): string | undefined => {
          const address = pods().find((pod) => pod.metadata.labels?.["app"] === controllerName(fleet) && isAlive(pod))?.status?.podIP;
          return address === undefined ? undefined : `http://${address}:${CONTROLLER_ADMIN_PORT}`;
        };
        const at = (path: string) => (): string | undefined => {
          const base = url();
          return base === undefined ? undefined : `${base}${path}`;
        };
        return [
          fleet.policy,
          {
            url,
            loadBalancers: new Poller(
              { ...asked, url: at("/load-balancers"), parse: (body) => JSON.parse(body) as LoadBalancersView },
              clock,
            ),
            held: new Poller({ ...asked, url: at("/held"), parse: (body) => JSON.parse(body) as HeldView }, clock),
          },
        ] as const;
      }),
    );
  }

  /** What a fleet's controller says of its load balancers; undefined for a fleet that there is not. */
  loadBalancers(policy: string): Reading<LoadBalancersView> | undefined {
    return this.#controllers.get(policy)?.loadBalancers.reading;
  }

  held(policy: string): Reading<HeldView> | undefined {
    return this.#controllers.get(policy)?.held.reading;
  }

  /** Sends a decision on a held removal; says whether the controller took it. */
  async decide(policy: string, id: string, verb: "approve" | "reject", decision: object): Promise<boolean> {
    const base = this.#controllers.get(policy)?.url();
    if (base === undefined) return false;
    const response = await fetch(`${base}/held/${encodeURIComponent(id)}/${verb}`, {
      method: "POST",
      headers: { ...this.#headers, "content-type": "application/json" },
      body: JSON.stringify(decision),
      signal: AbortSignal.timeout(5_000),
    });
    return response.ok;
  }

  *pollers(): Generator<Poller<unknown>> {
    for (const { loadBalancers, held } of this.#controllers.values()) {
      yield loadBalancers;
      yield held;
    }
  }
}

function isAlive({ metadata }: LocalPod): boolean {
  return metadata.deletionTimestamp === undefined;
}
