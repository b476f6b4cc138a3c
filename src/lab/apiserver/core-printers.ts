import { type Json, type JsonObject, arrayAt, isObject, nameOf, numberAt, objectAt, stringAt, valueAt } from "./json.ts";
import { column, created, wide } from "./printer-columns.ts";
import type { Printer } from "./resource-type.ts";
import { AGE_COLUMN, NAME_COLUMN, age } from "./table.ts";

function nodeStatus(node: JsonObject): string {
  const ready = arrayAt(node, "status", "conditions").find((condition) => stringAt(condition, "type") === "Ready");
  const state = ready === undefined ? "Unknown" : stringAt(ready, "status") === "True" ? "Ready" : "NotReady";
  return valueAt(node, "spec", "unschedulable") === true ? `${state},SchedulingDisabled` : state;
}

function nodeRoles(node: JsonObject): string {
  const prefix = "node-role.kubernetes.io/";
  const roles = Object.keys(objectAt(node, "metadata", "labels") ?? {}).filter(
    (label) => label.startsWith(prefix) && label.length > prefix.length,
  );
  return (
    roles
      .map((label) => label.slice(prefix.length))
      .toSorted()
      .join(",") || "<none>"
  );
}

function nodeAddress(node: JsonObject, type: string): string {
  const found = arrayAt(node, "status", "addresses").find((address) => stringAt(address, "type") === type);
  return stringAt(found, "address") ?? "<none>";
}

function eventTime(event: JsonObject): string | undefined {
  return (
    stringAt(event, "series", "lastObservedTime") ??
    stringAt(event, "lastTimestamp") ??
    stringAt(event, "eventTime") ??
    stringAt(event, "metadata", "creationTimestamp")
  );
}

function eventObject(event: JsonObject): string {
  const name = stringAt(event, "involvedObject", "name") ?? "";
  const kind = (stringAt(event, "involvedObject", "kind") ?? "").toLowerCase();
  return kind === "" ? name : `${kind}/${name}`;
}

function eventSource(event: JsonObject): string {
  const component = stringAt(event, "source", "component") ?? stringAt(event, "reportingComponent") ?? "";
  const host = stringAt(event, "source", "host") ?? "";
  return host === "" ? component : `${component}, ${host}`;
}

function size(value: Json | undefined): number {
  return isObject(value) ? Object.keys(value).length : 0;
}

/** Nodes, their leases, events, and what holds configuration. */
export const CORE_PRINTERS: Readonly<Record<string, Printer>> = {
  "ServiceAccount.": { columns: [NAME_COLUMN, AGE_COLUMN], cells: (object, nowMs) => [nameOf(object), created(object, nowMs)] },
  "Namespace.": {
    columns: [NAME_COLUMN, column("Status", "The status of the namespace"), AGE_COLUMN],
    cells: (object, nowMs) => [nameOf(object), stringAt(object, "status", "phase") ?? "", created(object, nowMs)],
  },
  "ConfigMap.": {
    columns: [NAME_COLUMN, column("Data", "Number of entries.", "integer"), AGE_COLUMN],
    cells: (object, nowMs) => [nameOf(object), size(object["data"]) + size(object["binaryData"]), created(object, nowMs)],
  },
  "Secret.": {
    columns: [
      NAME_COLUMN,
      column("Type", "Used to facilitate programmatic handling of secret data."),
      column("Data", "Number of entries.", "integer"),
      AGE_COLUMN,
    ],
    cells: (object, nowMs) => [nameOf(object), stringAt(object, "type") ?? "", size(object["data"]), created(object, nowMs)],
  },
  "Node.": {
    columns: [
      NAME_COLUMN,
      column("Status", "The status of the node"),
      column("Roles", "The roles of the node"),
      AGE_COLUMN,
      column("Version", "Kubelet Version reported by the node."),
      wide("Internal-IP", "Internal address of the node."),
      wide("External-IP", "External address of the node."),
      wide("OS-Image", "OS Image reported by the node."),
      wide("Kernel-Version", "Kernel Version reported by the node."),
      wide("Container-Runtime", "ContainerRuntime Version reported by the node."),
    ],
    cells: (object, nowMs) => {
      const info = (field: string): string => stringAt(object, "status", "nodeInfo", field) || "<unknown>";
      return [
        nameOf(object),
        nodeStatus(object),
        nodeRoles(object),
        created(object, nowMs),
        stringAt(object, "status", "nodeInfo", "kubeletVersion") ?? "",
        nodeAddress(object, "InternalIP"),
        nodeAddress(object, "ExternalIP"),
        info("osImage"),
        info("kernelVersion"),
        info("containerRuntimeVersion"),
      ];
    },
  },
  "Event.": {
    columns: [
      column("Last Seen", "Time since this event was last seen."),
      column("Type", "Normal or Warning."),
      column("Reason", "Why the event was made."),
      column("Object", "What the event is about."),
      wide("Subobject", "The part of the object."),
      wide("Source", "Who reported it."),
      column("Message", "What happened."),
      wide("First Seen", "Time since it was first seen."),
      wide("Count", "How often it was seen."),
      { ...NAME_COLUMN, priority: 1 },
    ],
    cells: (object, nowMs) => [
      age(eventTime(object), nowMs),
      stringAt(object, "type") ?? "",
      stringAt(object, "reason") ?? "",
      eventObject(object),
      stringAt(object, "involvedObject", "fieldPath") ?? "",
      eventSource(object),
      (stringAt(object, "message") ?? "").trim(),
      age(stringAt(object, "firstTimestamp") ?? stringAt(object, "eventTime") ?? stringAt(object, "metadata", "creationTimestamp"), nowMs),
      numberAt(object, "series", "count") ?? numberAt(object, "count") ?? 1,
      nameOf(object),
    ],
  },
  "Lease.coordination.k8s.io": {
    columns: [NAME_COLUMN, column("Holder", "Who holds the lease."), AGE_COLUMN],
    cells: (object, nowMs) => [nameOf(object), stringAt(object, "spec", "holderIdentity") ?? "", created(object, nowMs)],
  },
};
