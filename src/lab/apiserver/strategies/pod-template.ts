import { type Json, type JsonObject, arrayAt, ensureObject, isObject, numberAt, objectAt, setDefault, stringAt, valueAt } from "../json.ts";
import { LABEL_RULE, isDnsLabel } from "../object-meta.ts";
import { type Cause, duplicate, invalidValue, notSupported, required } from "../status.ts";

/** Defaults of a pod's spec, alone or in a template (Kubernetes API reference, "PodSpec"). */
export function applyPodSpecDefaults(spec: JsonObject): void {
  setDefault(spec, "restartPolicy", "Always");
  setDefault(spec, "terminationGracePeriodSeconds", 30);
  setDefault(spec, "dnsPolicy", "ClusterFirst");
  setDefault(spec, "securityContext", {});
  setDefault(spec, "schedulerName", "default-scheduler");
  for (const list of ["containers", "initContainers"]) {
    for (const container of arrayAt(spec, list))
      if (isObject(container)) applyContainerDefaults(container, valueAt(spec, "hostNetwork") === true);
  }
  for (const volume of arrayAt(spec, "volumes")) if (isObject(volume)) applyVolumeDefaults(volume);
}

function applyContainerDefaults(container: JsonObject, isOnHostNetwork: boolean): void {
  const image = stringAt(container, "image") ?? "";
  const tag = /:([^/:@]+)$/.exec(image)?.[1] ?? (image.includes("@") ? "digest" : "latest");
  setDefault(container, "imagePullPolicy", tag === "latest" ? "Always" : "IfNotPresent");
  setDefault(container, "terminationMessagePath", "/dev/termination-log");
  setDefault(container, "terminationMessagePolicy", "File");
  const resources = ensureObject(container, "resources");
  // What is limited and not requested is requested as limited.
  const limits = objectAt(resources, "limits");
  if (limits !== undefined) {
    const requests = ensureObject(resources, "requests");
    for (const [name, value] of Object.entries(limits)) setDefault(requests, name, value);
  }
  for (const port of arrayAt(container, "ports").filter(isObject)) {
    setDefault(port, "protocol", "TCP");
    if (isOnHostNetwork && port["containerPort"] !== undefined) setDefault(port, "hostPort", port["containerPort"]);
  }
  for (const variable of arrayAt(container, "env")) {
    const field = objectAt(variable, "valueFrom", "fieldRef");
    if (field !== undefined) setDefault(field, "apiVersion", "v1");
  }
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"]) {
    const probe = objectAt(container, name);
    if (probe === undefined) continue;
    for (const [field, value] of [
      ["timeoutSeconds", 1],
      ["periodSeconds", 10],
      ["successThreshold", 1],
      ["failureThreshold", 3],
    ] as const)
      setDefault(probe, field, value);
    applyHttpDefaults(objectAt(probe, "httpGet"));
  }
  for (const hook of ["preStop", "postStart"]) applyHttpDefaults(objectAt(container, "lifecycle", hook, "httpGet"));
}

function applyHttpDefaults(action: JsonObject | undefined): void {
  if (action === undefined) return;
  setDefault(action, "path", "/");
  setDefault(action, "scheme", "HTTP");
}

function applyVolumeDefaults(volume: JsonObject): void {
  if (Object.keys(volume).every((key) => key === "name")) volume["emptyDir"] = {};
  for (const kind of ["configMap", "secret", "projected", "downwardAPI"]) {
    const source = objectAt(volume, kind);
    if (source !== undefined) setDefault(source, "defaultMode", 420);
  }
  const path = objectAt(volume, "hostPath");
  if (path !== undefined) setDefault(path, "type", "");
}

const RESTART_POLICIES = ["Always", "OnFailure", "Never"];

/** What is wrong in a pod's spec; `path` is where it stands (`spec`, `spec.template.spec`). */
export function validatePodSpec(
  spec: JsonObject | undefined,
  path: string,
  restartPolicies: readonly string[] = RESTART_POLICIES,
): Cause[] {
  if (spec === undefined) return [required(path)];
  const causes: Cause[] = [];
  const volumes = namedList(arrayAt(spec, "volumes"), `${path}.volumes`, causes);
  if (arrayAt(spec, "containers").length === 0) causes.push(required(`${path}.containers`));
  const names = new Set<string>();
  for (const list of ["initContainers", "containers"]) {
    for (const [at, container] of arrayAt(spec, list).entries())
      causes.push(...validateContainer(container, `${path}.${list}[${at}]`, names, volumes));
  }
  const policy = stringAt(spec, "restartPolicy") ?? "";
  if (!restartPolicies.includes(policy)) causes.push(notSupported(`${path}.restartPolicy`, policy, restartPolicies));
  const grace = numberAt(spec, "terminationGracePeriodSeconds") ?? 0;
  if (grace < 0) causes.push(invalidValue(`${path}.terminationGracePeriodSeconds`, grace, "must be greater than or equal to 0"));
  return causes;
}

function namedList(items: readonly Json[], path: string, causes: Cause[]): Set<string> {
  const names = new Set<string>();
  for (const [at, item] of items.entries()) {
    const name = stringAt(item, "name") ?? "";
    if (name === "") causes.push(required(`${path}[${at}].name`));
    else if (!isDnsLabel(name)) causes.push(invalidValue(`${path}[${at}].name`, name, LABEL_RULE));
    else if (names.has(name)) causes.push(duplicate(`${path}[${at}].name`, name));
    names.add(name);
  }
  return names;
}

function validateContainer(container: Json, path: string, names: Set<string>, volumes: ReadonlySet<string>): Cause[] {
  const causes: Cause[] = [];
  const name = stringAt(container, "name") ?? "";
  if (name === "") causes.push(required(`${path}.name`));
  else if (!isDnsLabel(name)) causes.push(invalidValue(`${path}.name`, name, LABEL_RULE));
  else if (names.has(name)) causes.push(duplicate(`${path}.name`, name));
  names.add(name);
  if ((stringAt(container, "image") ?? "") === "") causes.push(required(`${path}.image`));
  for (const [at, port] of arrayAt(container, "ports").entries()) {
    const number = numberAt(port, "containerPort") ?? 0;
    if (!isPort(number)) causes.push(invalidValue(`${path}.ports[${at}].containerPort`, number, "must be between 1 and 65535, inclusive"));
    const protocol = stringAt(port, "protocol") ?? "";
    if (!PROTOCOLS.includes(protocol)) causes.push(notSupported(`${path}.ports[${at}].protocol`, protocol, PROTOCOLS));
  }
  for (const [at, variable] of arrayAt(container, "env").entries())
    if ((stringAt(variable, "name") ?? "") === "") causes.push(required(`${path}.env[${at}].name`));
  for (const [at, mount] of arrayAt(container, "volumeMounts").entries()) {
    const volume = stringAt(mount, "name") ?? "";
    if (!volumes.has(volume))
      causes.push({
        reason: "FieldValueNotFound",
        message: `Not found: ${JSON.stringify(volume)}`,
        field: `${path}.volumeMounts[${at}].name`,
      });
    if ((stringAt(mount, "mountPath") ?? "") === "") causes.push(required(`${path}.volumeMounts[${at}].mountPath`));
  }
  for (const list of ["requests", "limits"]) {
    for (const [resource, quantity] of Object.entries(objectAt(container, "resources", list) ?? {})) {
      if (!isQuantity(quantity))
        causes.push(
          invalidValue(
            `${path}.resources.${list}[${resource}]`,
            quantity,
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
          ),
        );
    }
  }
  return causes;
}

export const PROTOCOLS = ["TCP", "UDP", "SCTP"];

export function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65535;
}

function isQuantity(value: Json): boolean {
  return typeof value === "string" && /^[+-]?(\d+(\.\d*)?|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/.test(value);
}
