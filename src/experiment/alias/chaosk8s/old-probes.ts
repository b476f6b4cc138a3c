import { experimentKinds } from "../../kubernetes/kinds.ts";
import { REQUIRED } from "../parameters.ts";
import { moduleOf } from "../python-function.ts";
import { isThere, serviceIsInitialized } from "./object-probes.ts";
import { readPodLogs } from "./pod-logs.ts";
import { LOGS, NAME_SELECTOR, allPodsHealthy, podIsNotAvailable } from "./pod-probes.ts";
import { WAITED, deploymentHealthy, deploymentNotReady, deploymentReady } from "./workload-probes.ts";

const NAMED_BY_LABEL = { name: REQUIRED, ns: "default", label_selector: NAME_SELECTOR } as const;

/**
 * The names from before the package had modules for each kind; many public files use them. Two do as they did then: in today's package
 * `microservice_available_and_healthy` answers nothing, and `service_endpoint_is_initialized` sends a selector that no server can read.
 */
export const oldProbes = moduleOf("chaosk8s.probes", {
  all_microservices_healthy: [{ ns: "default" }, allPodsHealthy],
  microservice_available_and_healthy: [{ name: REQUIRED, ns: "default", label_selector: null }, deploymentHealthy],
  microservice_is_not_available: [NAMED_BY_LABEL, podIsNotAvailable],
  service_endpoint_is_initialized: [NAMED_BY_LABEL, serviceIsInitialized],
  deployment_is_not_fully_available: [WAITED, deploymentNotReady],
  deployment_is_fully_available: [WAITED, deploymentReady],
  read_microservices_logs: [LOGS, readPodLogs],
  // These are there by import, and files use them.
  all_pods_healthy: [{ ns: "default", raise_on_any_unhealthy: true }, allPodsHealthy],
  pod_is_not_available: [{ ...NAMED_BY_LABEL, raise_on_is_available: true }, podIsNotAvailable],
  read_pod_logs: [LOGS, readPodLogs],
  secret_exists: [
    { name: null, ns: "default", label_selector: null },
    (given, call) =>
      isThere(call, experimentKinds.secrets, given.text("ns"), given.optionalText("name"), given.optionalText("label_selector")),
  ],
});
