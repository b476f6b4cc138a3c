import { isIPv4, isIPv6 } from "node:net";
import { type Json, type JsonObject, arrayAt, ensureObject, isObject, numberAt, objectAt, setDefault, stringAt, valueAt } from "../json.ts";
import { LABEL_RULE, SUBDOMAIN_RULE, isDnsLabel, isDnsSubdomain } from "../object-meta.ts";
import type { Strategy, WriteContext } from "../resource-type.ts";
import { type Cause, duplicate, invalidValue, notSupported, required } from "../status.ts";
import { PROTOCOLS, isPort } from "./pod-template.ts";

const SERVICE_TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const NODE_PORTS = { first: 30_000, last: 32_767 };

export const serviceStrategy: Strategy = {
  prepareCreate(service, context) {
    service["status"] = { loadBalancer: {} };
    serviceDefaults(service);
    allocate(service, context);
  },
  prepareUpdate(service, old, context) {
    const spec = ensureObject(service, "spec");
    serviceDefaults(service);
    // An update that leaves the addresses out keeps them; a change of type frees or needs them.
    if (spec["type"] !== "ExternalName") {
      for (const field of ["clusterIP", "clusterIPs"]) {
        const value = valueAt(old, "spec", field);
        if (value !== undefined) setDefault(spec, field, value);
      }
    }
    allocate(service, context);
  },
  applyDefaults: serviceDefaults,
  validate(service, old) {
    const causes: Cause[] = [];
    const type = stringAt(service, "spec", "type") ?? "";
    const ports = arrayAt(service, "spec", "ports");
    if (!SERVICE_TYPES.includes(type)) causes.push(notSupported("spec.type", type, SERVICE_TYPES));
    if (type === "ExternalName") {
      if (!isDnsSubdomain(stringAt(service, "spec", "externalName") ?? ""))
        causes.push(invalidValue("spec.externalName", stringAt(service, "spec", "externalName") ?? "", "must be a DNS name"));
    } else if (ports.length === 0 && stringAt(service, "spec", "clusterIP") !== "None") causes.push(required("spec.ports"));
    const names = new Set<string>();
    for (const [at, port] of ports.entries()) causes.push(...validatePort(port, `spec.ports[${at}]`, names, ports.length > 1));
    const [own, before] = [stringAt(service, "spec", "clusterIP") ?? "", stringAt(old, "spec", "clusterIP") ?? ""];
    if (before !== "" && own !== before && type !== "ExternalName")
      causes.push(invalidValue("spec.clusterIPs[0]", [own], "may not change once set"));
    return causes;
  },
};

function serviceDefaults(service: JsonObject): void {
  const spec = ensureObject(service, "spec");
  setDefault(spec, "type", "ClusterIP");
  setDefault(spec, "sessionAffinity", "None");
  for (const port of arrayAt(spec, "ports").filter(isObject)) {
    setDefault(port, "protocol", "TCP");
    if (port["targetPort"] === undefined || port["targetPort"] === "" || port["targetPort"] === 0) port["targetPort"] = port["port"] ?? 0;
  }
  if (spec["type"] === "ExternalName") return;
  setDefault(spec, "internalTrafficPolicy", "Cluster");
  setDefault(spec, "ipFamilies", ["IPv4"]);
  setDefault(spec, "ipFamilyPolicy", "SingleStack");
  if (spec["type"] === "NodePort" || spec["type"] === "LoadBalancer") setDefault(spec, "externalTrafficPolicy", "Cluster");
  if (spec["type"] === "LoadBalancer") setDefault(spec, "allocateLoadBalancerNodePorts", true);
}

/** Gives a service its virtual address and its node ports, where its type has them and it did not choose. */
function allocate(service: JsonObject, context: WriteContext): void {
  const spec = ensureObject(service, "spec");
  if (spec["type"] === "ExternalName") {
    delete spec["clusterIP"];
    delete spec["clusterIPs"];
    return;
  }
  const others = context
    .list("services")
    .map(([, other]) => other)
    .filter((other) => stringAt(other, "metadata", "uid") !== stringAt(service, "metadata", "uid"));
  if ((stringAt(spec, "clusterIP") ?? "") === "")
    spec["clusterIP"] = freeAddress(context.serviceCidr, new Set(others.map((other) => stringAt(other, "spec", "clusterIP"))));
  spec["clusterIPs"] = [spec["clusterIP"] ?? ""];
  if (spec["type"] !== "NodePort" && spec["type"] !== "LoadBalancer") {
    for (const port of arrayAt(spec, "ports").filter(isObject)) delete port["nodePort"];
    return;
  }
  const taken = new Set([...others, service].flatMap((other) => arrayAt(other, "spec", "ports").map((port) => numberAt(port, "nodePort"))));
  for (const port of arrayAt(spec, "ports").filter(isObject)) {
    if (port["nodePort"] !== undefined && port["nodePort"] !== 0) continue;
    let free = NODE_PORTS.first;
    while (taken.has(free) && free < NODE_PORTS.last) free++;
    taken.add(free);
    port["nodePort"] = free;
  }
}

/** The lowest free address of the block; its first ten are left to those who choose their own (page "Service ClusterIP allocation"). */
function freeAddress(cidr: string, taken: ReadonlySet<string | undefined>): string {
  const [base = "10.96.0.0", bits = "16"] = cidr.split("/");
  const first = base.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const count = 2 ** (32 - Number(bits));
  for (let at = 11; at < count - 1; at++) {
    const value = first + at;
    const address = [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
    if (!taken.has(address)) return address;
  }
  return "";
}

function validatePort(port: Json, path: string, names: Set<string>, needsName: boolean): Cause[] {
  const causes: Cause[] = [];
  const name = stringAt(port, "name") ?? "";
  if (name === "" && needsName) causes.push(required(`${path}.name`));
  if (name !== "" && !isDnsLabel(name)) causes.push(invalidValue(`${path}.name`, name, LABEL_RULE));
  if (name !== "" && names.has(name)) causes.push(duplicate(`${path}.name`, name));
  names.add(name);
  const number = numberAt(port, "port") ?? 0;
  if (!isPort(number)) causes.push(invalidValue(`${path}.port`, number, "must be between 1 and 65535, inclusive"));
  const protocol = stringAt(port, "protocol") ?? "";
  if (!PROTOCOLS.includes(protocol)) causes.push(notSupported(`${path}.protocol`, protocol, PROTOCOLS));
  const target = valueAt(port, "targetPort");
  if (typeof target === "number" && !isPort(target))
    causes.push(invalidValue(`${path}.targetPort`, target, "must be between 1 and 65535, inclusive"));
  return causes;
}

const PATH_TYPES = ["Exact", "ImplementationSpecific", "Prefix"];

export const ingressStrategy: Strategy = {
  prepareCreate: (ingress) => {
    ingress["status"] = { loadBalancer: {} };
  },
  validate(ingress) {
    const causes: Cause[] = [];
    const rules = arrayAt(ingress, "spec", "rules");
    const fallback = objectAt(ingress, "spec", "defaultBackend");
    if (rules.length === 0 && fallback === undefined)
      causes.push(invalidValue("spec", objectAt(ingress, "spec") ?? null, "either `defaultBackend` or `rules` must be specified"));
    if (fallback !== undefined) causes.push(...validateBackend(fallback, "spec.defaultBackend"));
    for (const [at, rule] of rules.entries()) causes.push(...validateRule(rule, `spec.rules[${at}]`));
    const className = stringAt(ingress, "spec", "ingressClassName");
    if (className !== undefined && !isDnsSubdomain(className))
      causes.push(invalidValue("spec.ingressClassName", className, SUBDOMAIN_RULE));
    return causes;
  },
};

function validateRule(rule: Json, path: string): Cause[] {
  const causes: Cause[] = [];
  const host = stringAt(rule, "host") ?? "";
  if (isIPv4(host) || isIPv6(host)) causes.push(invalidValue(`${path}.host`, host, "must be a DNS name, not an IP address"));
  else if (host !== "" && !isDnsSubdomain(host.replace(/^\*\./, "")))
    causes.push(
      invalidValue(
        `${path}.host`,
        host,
        host.includes("*") ? "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain" : SUBDOMAIN_RULE,
      ),
    );
  const http = objectAt(rule, "http");
  if (http === undefined) return causes;
  const paths = arrayAt(http, "paths");
  if (paths.length === 0) causes.push(required(`${path}.http.paths`));
  for (const [at, item] of paths.entries()) causes.push(...validatePath(item, `${path}.http.paths[${at}]`));
  return causes;
}

function validatePath(item: Json, path: string): Cause[] {
  const causes: Cause[] = [];
  const type = stringAt(item, "pathType");
  const value = stringAt(item, "path") ?? "";
  if (type === undefined) causes.push(required(`${path}.pathType`, "pathType must be specified"));
  else if (!PATH_TYPES.includes(type)) causes.push(notSupported(`${path}.pathType`, type, PATH_TYPES));
  else if (type !== "ImplementationSpecific" || value !== "") {
    if (!value.startsWith("/")) causes.push(invalidValue(`${path}.path`, value, "must be an absolute path"));
    if (type !== "ImplementationSpecific" && value.includes("//"))
      causes.push(invalidValue(`${path}.path`, value, "must not contain '//'"));
    if (type !== "ImplementationSpecific" && /\/\.\.?(\/|$)/.test(value))
      causes.push(invalidValue(`${path}.path`, value, "must not contain '/./' or '/../'"));
  }
  const backend = objectAt(item, "backend");
  return [...causes, ...validateBackend(backend ?? {}, `${path}.backend`)];
}

function validateBackend(backend: JsonObject, path: string): Cause[] {
  const service = objectAt(backend, "service");
  const hasResource = backend["resource"] !== undefined;
  if (service !== undefined && hasResource) return [invalidValue(path, "", "cannot set both resource and service backends")];
  if (hasResource) return [];
  if (service === undefined) return [invalidValue(path, "", "resource or service backend is required")];
  const name = stringAt(service, "name") ?? "";
  if (name === "") return [required(`${path}.service.name`)];
  if (!isDnsLabel(name))
    return [
      invalidValue(
        `${path}.service.name`,
        name,
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
      ),
    ];
  const portName = stringAt(service, "port", "name") ?? "";
  const portNumber = numberAt(service, "port", "number") ?? 0;
  if (portName !== "" && portNumber !== 0) return [invalidValue(path, "", "cannot set both port name & port number")];
  if (portName !== "" || isPort(portNumber)) return [];
  return [
    portNumber === 0
      ? required(`${path}.service.port`, "port name or number is required")
      : invalidValue(`${path}.service.port.number`, portNumber, "must be between 1 and 65535, inclusive"),
  ];
}

export const ingressClassStrategy: Strategy = {
  validate: (object) => ((stringAt(object, "spec", "controller") ?? "") === "" ? [required("spec.controller")] : []),
};

const ADDRESS_TYPES = ["FQDN", "IPv4", "IPv6"];

export const endpointSliceStrategy: Strategy = {
  applyDefaults(slice) {
    for (const port of arrayAt(slice, "ports").filter(isObject)) {
      setDefault(port, "name", "");
      setDefault(port, "protocol", "TCP");
    }
  },
  validate(slice, old) {
    const causes: Cause[] = [];
    const type = stringAt(slice, "addressType");
    if (type === undefined) causes.push(required("addressType"));
    else if (!ADDRESS_TYPES.includes(type)) causes.push(notSupported("addressType", type, ADDRESS_TYPES));
    if (old !== undefined && type !== stringAt(old, "addressType"))
      causes.push(invalidValue("addressType", type ?? "", "field is immutable"));
    const endpoints = arrayAt(slice, "endpoints");
    if (endpoints.length > 1000)
      causes.push({
        reason: "FieldValueTooMany",
        message: `Too many: ${endpoints.length}: must have at most 1000 items`,
        field: "endpoints",
      });
    for (const [at, endpoint] of endpoints.entries()) {
      const addresses = arrayAt(endpoint, "addresses");
      if (addresses.length === 0) causes.push(required(`endpoints[${at}].addresses`, "must contain at least 1 address"));
      for (const [index, address] of addresses.entries()) {
        if (type === "IPv4" && !(typeof address === "string" && isIPv4(address)))
          causes.push(invalidValue(`endpoints[${at}].addresses[${index}]`, address, "must be an IPv4 address"));
      }
    }
    return causes;
  },
};
