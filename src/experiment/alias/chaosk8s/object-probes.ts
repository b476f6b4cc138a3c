import type { Resource } from "../../../kube/index.ts";
import type { Json } from "../../document/json.ts";
import { experimentKinds } from "../../kubernetes/kinds.ts";
import { listed, selecting } from "../../kubernetes/listed.ts";
import type { Given } from "../given.ts";
import { REQUIRED } from "../parameters.ts";
import { type AliasCall, moduleOf } from "../python-function.ts";
import { fails } from "./raise-or-false.ts";
import { rawList } from "./raw-list.ts";

/** Whether there is any with this name and these labels; of all, when neither is given. */
export async function isThere(call: AliasCall, kind: Resource, ns: string | undefined, name?: string, labels?: string): Promise<boolean> {
  const field = name === undefined ? undefined : `metadata.name=${name}`;
  return (await listed(await call.client(), kind, selecting(ns, labels, field))).length > 0;
}

export async function serviceIsInitialized(given: Given, call: AliasCall): Promise<Json> {
  const name = given.optionalText("name");
  const labels = given.optionalText("label_selector")?.replace("{name}", name ?? "None");
  const there = await isThere(call, experimentKinds.services, given.text("ns"), name, labels);
  return there || fails(given, "raise_if_service_not_initialized")(`service '${name ?? "None"}' is not initialized`);
}

export const serviceProbes = moduleOf("chaosk8s.service.probes", {
  service_is_initialized: [
    { name: null, ns: "default", label_selector: null, raise_if_service_not_initialized: true },
    serviceIsInitialized,
  ],
});

export const secretProbes = moduleOf("chaosk8s.secret.probes", {
  secret_exists: [
    { name: null, ns: "default", label_selector: null },
    (given, call) =>
      isThere(call, experimentKinds.secrets, given.text("ns"), given.optionalText("name"), given.optionalText("label_selector")),
  ],
});

export const namespaceProbes = moduleOf("chaosk8s.namespace.probes", {
  namespace_exists: [{ name: REQUIRED }, (given, call) => isThere(call, experimentKinds.namespaces, undefined, given.text("name"))],
});

export const networkingProbes = moduleOf("chaosk8s.networking.probes", {
  ingress_exists: [
    { name: REQUIRED, ns: "default" },
    (given, call) => isThere(call, experimentKinds.ingresses, given.text("ns"), given.text("name")),
  ],
});

export const eventProbes = moduleOf("chaosk8s.event.probes", {
  get_events: [
    { label_selector: null, field_selector: null, limit: 100 },
    (given, call) =>
      rawList(call, "/apis/events.k8s.io/v1/events", {
        labelSelector: given.optionalText("label_selector"),
        fieldSelector: given.optionalText("field_selector"),
        limit: given.text("limit"),
      }),
  ],
});
