import { AppError } from "../../kernel/index.ts";
import type { ConfigData, Container, EnvVar, Pod } from "../objects/index.ts";

/** What a container's environment is made from, besides its pod. */
export interface EnvironmentSources {
  readonly nodeName: string;
  readonly zone: string;
  readonly hostIP: string;
  readonly podIP: string;
  /** Real folder of each volume of the pod. */
  readonly volumes: ReadonlyMap<string, string>;
  /** Of the pod's namespace; undefined when it does not exist. */
  configMap(name: string): ConfigData | undefined;
  secret(name: string): ConfigData | undefined;
}

/**
 * The container's environment: the lab's own names (POD_IP, POD_NAME, POD_NAMESPACE, NODE_NAME, NODE_ZONE, and
 * VOLUME_NAME for each mount, since there are no mount namespaces), then `envFrom`, then `env`, with `$(NAME)` expanded.
 * @throws AppError KUBELET_CONTAINER_CONFIG when a key that is not optional is missing.
 */
export function buildEnvironment(pod: Pod, container: Container, sources: EnvironmentSources): Record<string, string> {
  const env = new Map<string, string>([
    ["POD_IP", sources.podIP],
    ["POD_NAME", pod.metadata.name],
    ["POD_NAMESPACE", pod.metadata.namespace ?? ""],
    ["NODE_NAME", sources.nodeName],
    ["NODE_ZONE", sources.zone],
  ]);
  for (const mount of container.volumeMounts ?? []) {
    const dir = sources.volumes.get(mount.name);
    if (dir === undefined) throw badConfig(container, `volumeMounts: no volume "${mount.name}" in the pod`);
    env.set(`VOLUME_${mount.name.toUpperCase().replaceAll("-", "_")}`, mount.subPath === undefined ? dir : `${dir}/${mount.subPath}`);
  }
  for (const from of container.envFrom ?? []) {
    const ref = from.configMapRef ?? from.secretRef;
    if (ref === undefined) continue;
    const kind = from.configMapRef === undefined ? "secret" : "configmap";
    const data = kind === "secret" ? sources.secret(ref.name) : sources.configMap(ref.name);
    if (data === undefined && ref.optional !== true) throw badConfig(container, `${kind} "${ref.name}" not found`);
    for (const [key, value] of decodeData(data, kind === "secret")) env.set(`${from.prefix ?? ""}${key}`, value.toString("utf8"));
  }
  for (const variable of container.env ?? []) {
    const value = valueOf(pod, container, variable, sources);
    if (value !== undefined) env.set(variable.name, expand(value, env));
  }
  return Object.fromEntries(env);
}

/** Replaces `$(NAME)` by the variable's value; one that is not there stays as it is, `$$` stands for `$` (page "Define Environment Variables for a Container"). */
export function expand(text: string, env: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\$|\$\(([^()]*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? "$" : (env.get(name) ?? whole),
  );
}

/** The keys of a ConfigMap or Secret as bytes. */
export function decodeData(object: ConfigData | undefined, isSecret: boolean): Map<string, Buffer> {
  const entries = new Map<string, Buffer>();
  for (const [key, value] of Object.entries(object?.data ?? {})) entries.set(key, Buffer.from(value, isSecret ? "base64" : "utf8"));
  for (const [key, value] of Object.entries(object?.binaryData ?? {})) entries.set(key, Buffer.from(value, "base64"));
  return entries;
}

function valueOf(pod: Pod, container: Container, variable: EnvVar, sources: EnvironmentSources): string | undefined {
  const from = variable.valueFrom;
  if (from === undefined) return variable.value ?? "";
  if (from.fieldRef !== undefined) return fieldOf(pod, container, from.fieldRef.fieldPath, sources);
  const ref = from.configMapKeyRef ?? from.secretKeyRef;
  if (ref === undefined) throw badConfig(container, `env ${variable.name}: valueFrom knows fieldRef, configMapKeyRef and secretKeyRef`);
  const isSecret = from.secretKeyRef !== undefined;
  const object = isSecret ? sources.secret(ref.name) : sources.configMap(ref.name);
  const value = decodeData(object, isSecret).get(ref.key);
  if (value === undefined && ref.optional !== true) {
    const kind = isSecret ? "secret" : "configmap";
    throw badConfig(
      container,
      object === undefined ? `${kind} "${ref.name}" not found` : `couldn't find key ${ref.key} in ${kind} "${ref.name}"`,
    );
  }
  return value?.toString("utf8");
}

function fieldOf(pod: Pod, container: Container, path: string, sources: EnvironmentSources): string {
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (keyed !== null) {
    const map = keyed[1] === "labels" ? pod.metadata.labels : pod.metadata.annotations;
    return map?.[keyed[2] ?? ""] ?? "";
  }
  switch (path) {
    case "metadata.name":
      return pod.metadata.name;
    case "metadata.namespace":
      return pod.metadata.namespace ?? "";
    case "metadata.uid":
      return pod.metadata.uid ?? "";
    case "spec.nodeName":
      return sources.nodeName;
    case "spec.serviceAccountName":
      return "default";
    case "status.hostIP":
    case "status.hostIPs":
      return sources.hostIP;
    case "status.podIP":
    case "status.podIPs":
      return sources.podIP;
    default:
      throw badConfig(container, `fieldRef: ${path} is not known`);
  }
}

function badConfig(container: Container, message: string): AppError {
  return new AppError("KUBELET_CONTAINER_CONFIG", `container ${container.name}: ${message}`);
}
