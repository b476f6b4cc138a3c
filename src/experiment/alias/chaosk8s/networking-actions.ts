import { existsSync } from "node:fs";
import type { Json, JsonObject } from "../../document/json.ts";
import { experimentKinds } from "../../kubernetes/kinds.ts";
import type { Given } from "../given.ts";
import { type Parameters, REQUIRED } from "../parameters.ts";
import { type AliasCall, moduleOf } from "../python-function.ts";
import { manifestIn } from "./manifest-file.ts";
import { create, createFromFile, remove, update } from "./object-actions.ts";

const { ingresses, networkPolicies } = experimentKinds;
const ONE: Parameters = { name: REQUIRED, ns: "default" };
const LABELLED: Parameters = { label_selectors: null, ns: "default" };
const OF_NAMESPACE: Parameters = { ns: "default" };

const DNS_PORTS = [
  { port: 53, protocol: "UDP" },
  { port: 53, protocol: "TCP" },
];
const DENY_INGRESS = { policyTypes: ["Ingress"], ingress: [] };
const DENY_EGRESS = { policyTypes: ["Egress"] };
const ALLOW_DNS = { policyTypes: ["Egress"], egress: [{ to: [{ namespaceSelector: {} }], ports: DNS_PORTS }] };

function policy(name: string, rules: JsonObject) {
  return (given: Given, call: AliasCall): Promise<Json> => {
    const podSelector = given.flag("label_selectors") ? { matchLabels: given.object("label_selectors") } : {};
    const body = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name }, spec: { podSelector, ...rules } };
    return create(call, networkPolicies, given.text("ns"), body);
  };
}

const without = (name: string) => (given: Given, call: AliasCall) => remove(call, networkPolicies, name, given.text("ns"));

function createPolicy(given: Given, call: AliasCall): Promise<Json> {
  const file = given.optionalText("spec_path");
  const body = file !== undefined && existsSync(file) ? manifestIn(file) : given.object("spec");
  return create(call, networkPolicies, given.text("ns"), body);
}

export const networkingActions = moduleOf("chaosk8s.networking.actions", {
  create_ingress: [{ spec_path: REQUIRED, ns: "default" }, (given, call) => createFromFile(given, call, ingresses)],
  delete_ingress: [ONE, (given, call) => remove(call, ingresses, given.text("name"), given.text("ns"))],
  update_ingress: [
    { name: REQUIRED, spec: REQUIRED, ns: "default" },
    (given, call) => update(call, ingresses, given.text("name"), given.text("ns"), given.value("spec")),
  ],
  create_network_policy: [{ spec: null, spec_path: null, ns: "default" }, createPolicy],
  remove_network_policy: [ONE, (given, call) => remove(call, networkPolicies, given.text("name"), given.text("ns"))],
  deny_all_ingress: [LABELLED, policy("chaostoolkit-deny-all-ingress", DENY_INGRESS)],
  remove_deny_all_ingress: [OF_NAMESPACE, without("chaostoolkit-deny-all-ingress")],
  deny_all_egress: [LABELLED, policy("chaostoolkit-deny-all-egress", DENY_EGRESS)],
  remove_deny_all_egress: [OF_NAMESPACE, without("chaostoolkit-deny-all-egress")],
  allow_dns_access: [LABELLED, policy("chaostoolkit-allow-dns", ALLOW_DNS)],
  remove_allow_dns_access: [OF_NAMESPACE, without("chaostoolkit-allow-dns")],
});
