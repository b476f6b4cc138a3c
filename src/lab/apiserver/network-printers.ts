import { type JsonObject, arrayAt, nameOf, numberAt, objectAt, stringAt } from "./json.ts";
import { column, created, formatLabels, shortened, wide } from "./printer-columns.ts";
import type { Printer } from "./resource-type.ts";
import { AGE_COLUMN, NAME_COLUMN } from "./table.ts";

function servicePorts(service: JsonObject): string {
  const ports = arrayAt(service, "spec", "ports").map((port) => {
    const node = numberAt(port, "nodePort");
    return `${numberAt(port, "port") ?? 0}${node === undefined ? "" : `:${node}`}/${stringAt(port, "protocol") ?? "TCP"}`;
  });
  return ports.join(",") || "<none>";
}

function serviceExternal(service: JsonObject): string {
  const type = stringAt(service, "spec", "type") ?? "ClusterIP";
  if (type === "ExternalName") return stringAt(service, "spec", "externalName") ?? "<none>";
  const external = arrayAt(service, "spec", "externalIPs").map(String);
  const balancer = arrayAt(service, "status", "loadBalancer", "ingress").map(
    (entry) => stringAt(entry, "ip") ?? stringAt(entry, "hostname") ?? "",
  );
  const all = [...balancer, ...external].join(",");
  return all || (type === "LoadBalancer" ? "<pending>" : "<none>");
}

function ingressHosts(ingress: JsonObject): string {
  const hosts = arrayAt(ingress, "spec", "rules")
    .map((rule) => stringAt(rule, "host") ?? "")
    .filter((host) => host !== "");
  return hosts.length === 0 ? "*" : shortened(hosts, 3);
}

function ingressAddress(ingress: JsonObject): string {
  return arrayAt(ingress, "status", "loadBalancer", "ingress")
    .map((entry) => stringAt(entry, "ip") ?? stringAt(entry, "hostname") ?? "")
    .join(",");
}

function endpointAddresses(endpoints: JsonObject): string {
  const all = arrayAt(endpoints, "subsets").flatMap((subset) => {
    const ports = arrayAt(subset, "ports").map((port) => numberAt(port, "port") ?? 0);
    const addresses = arrayAt(subset, "addresses").map((address) => stringAt(address, "ip") ?? "");
    return ports.length === 0 ? addresses : ports.flatMap((port) => addresses.map((address) => `${address}:${port}`));
  });
  return shortened(all, 3);
}

function slicePorts(slice: JsonObject): string {
  const ports = arrayAt(slice, "ports").map((port) => String(numberAt(port, "port") ?? stringAt(port, "name") ?? "*"));
  return ports.length === 0 ? "<unset>" : shortened(ports, 3);
}

function sliceAddresses(slice: JsonObject): string {
  const addresses = arrayAt(slice, "endpoints").flatMap((endpoint) => arrayAt(endpoint, "addresses").map(String));
  return addresses.length === 0 ? "<unset>" : shortened(addresses, 3);
}

/** The columns of services and what leads to them. */
export const NETWORK_PRINTERS: Readonly<Record<string, Printer>> = {
  "Service.": {
    columns: [
      NAME_COLUMN,
      column("Type", "How the service is exposed."),
      column("Cluster-IP", "The virtual address of the service."),
      column("External-IP", "Addresses outside the cluster."),
      column("Port(s)", "The ports of the service."),
      AGE_COLUMN,
      wide("Selector", "Label selector for pods."),
    ],
    cells: (object, nowMs) => [
      nameOf(object),
      stringAt(object, "spec", "type") ?? "ClusterIP",
      stringAt(object, "spec", "clusterIP") || "<none>",
      serviceExternal(object),
      servicePorts(object),
      created(object, nowMs),
      formatLabels(objectAt(object, "spec", "selector")),
    ],
  },
  "Endpoints.": {
    columns: [NAME_COLUMN, column("Endpoints", "Addresses and ports that serve the service."), AGE_COLUMN],
    cells: (object, nowMs) => [nameOf(object), endpointAddresses(object), created(object, nowMs)],
  },
  "Ingress.networking.k8s.io": {
    columns: [
      NAME_COLUMN,
      column("Class", "The name of the IngressClass resource that should be used for additional configuration"),
      column("Hosts", "Hosts that incoming requests are matched against before the ingress rule"),
      column("Address", "Addresses of the load balancer."),
      column("Ports", "Ports of TLS configurations that open"),
      AGE_COLUMN,
    ],
    cells: (object, nowMs) => [
      nameOf(object),
      stringAt(object, "spec", "ingressClassName") ?? "<none>",
      ingressHosts(object),
      ingressAddress(object),
      arrayAt(object, "spec", "tls").length > 0 ? "80, 443" : "80",
      created(object, nowMs),
    ],
  },
  "IngressClass.networking.k8s.io": {
    columns: [
      NAME_COLUMN,
      column("Controller", "Controller that is responsible for handling this class"),
      column("Parameters", "A reference to a resource with additional parameters"),
      AGE_COLUMN,
    ],
    cells: (object, nowMs) => {
      const parameters = objectAt(object, "spec", "parameters");
      const group = stringAt(parameters, "apiGroup");
      const kind = stringAt(parameters, "kind") ?? "";
      return [
        nameOf(object),
        stringAt(object, "spec", "controller") ?? "",
        parameters === undefined ? "<none>" : `${group === undefined ? kind : `${kind}.${group}`}/${stringAt(parameters, "name") ?? ""}`,
        created(object, nowMs),
      ];
    },
  },
  "EndpointSlice.discovery.k8s.io": {
    columns: [
      NAME_COLUMN,
      column("AddressType", "The type of address carried by the slice."),
      column("Ports", "The ports of each endpoint."),
      column("Endpoints", "The addresses in the slice."),
      AGE_COLUMN,
    ],
    cells: (object, nowMs) => [
      nameOf(object),
      stringAt(object, "addressType") ?? "",
      slicePorts(object),
      sliceAddresses(object),
      created(object, nowMs),
    ],
  },
};
