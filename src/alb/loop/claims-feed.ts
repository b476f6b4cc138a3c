import { valueOf } from "../evidence.ts";
import type { ClaimsSource } from "../objects/claims-source.ts";
import type { RouterPods } from "../observe/router-pods.ts";
import type { ClaimsFeed } from "./controller.ts";

/** The objects of the cluster as the loop asks for them. `pods`: of the routers, where these are the targets. */
export function createClaimsFeed(source: ClaimsSource, pods: RouterPods | undefined): ClaimsFeed {
  return {
    claims() {
      const evidence = source.read();
      return evidence.state === "unknown" ? evidence : { ...evidence, value: evidence.value.claims };
    },
    problems: () => valueOf(source.read())?.problems ?? [],
    visits: () => source.visits(),
    held: () => [...source.held(), ...(pods?.held() ?? [])],
    decide: (decision) => source.decide(decision) || pods?.decide(decision) === true,
  };
}
