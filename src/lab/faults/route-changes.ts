import { AppError } from "../../kernel/index.ts";
import { kinds } from "../../kube/index.ts";
import type { Lab } from "../lab.ts";
import { applyObject, readManifest } from "../manifests/index.ts";
import { LOAD_CONTROL_PORT } from "../network.ts";
import { SALE_HOST } from "../part-configs.ts";
import type { FaultLedger } from "./fault-ledger.ts";

/** What the owners of applications do meanwhile: a route made, a route deleted. */
export class RouteChanges {
  readonly #lab: Lab;
  readonly #ledger: FaultLedger;

  constructor(lab: Lab, ledger: FaultLedger) {
    this.#lab = lab;
    this.#ledger = ledger;
  }

  /** Makes the route to `sale.lab`. @throws AppError KUBE_* */
  async addSale(): Promise<string> {
    for (const object of readManifest("change.yaml")) await applyObject(this.#lab.admin, object);
    this.#ledger.open("sale", "change", "route sale.lab");
    this.#lab.timeline.add({ event: "route sale.lab made", cause: "kubectl apply -f change.yaml", tone: "plain", policy: null });
    return "Made Ingress shop/sale: sale.lab goes to cart.";
  }

  async removeSale(): Promise<string> {
    await this.#lab.admin.delete(kinds.ingresses, { name: "sale", namespace: "shop" });
    this.#ledger.close("sale");
    this.#lab.timeline.add({ event: "route sale.lab deleted", cause: "kubectl delete ingress sale", tone: "plain", policy: null });
    return "Deleted Ingress shop/sale.";
  }

  /** From now on the load asks for the new route, too, and it must be answered by its application. */
  async loadSale(): Promise<void> {
    const { plan } = this.#lab;
    const response = await fetch(`http://${plan.network.loadAddress}:${LOAD_CONTROL_PORT}/hosts`, {
      method: "POST",
      headers: { authorization: `Bearer ${plan.credentials.control}`, "content-type": "application/json" },
      body: JSON.stringify(SALE_HOST),
      signal: AbortSignal.timeout(5_000),
    });
    if (!response.ok)
      throw new AppError("LAB_FAULT_FAILED", `the load generator refused the host ${SALE_HOST.host}: ${await response.text()}`);
  }

  /** Deletes the route that nobody needs any more. @throws AppError KUBE_* */
  async retire(): Promise<void> {
    await this.#lab.admin.delete(kinds.ingresses, { name: "retired", namespace: "shop" });
    this.#lab.timeline.add({ event: "route retired.lab deleted", cause: "kubectl delete ingress retired", tone: "plain", policy: null });
  }
}
