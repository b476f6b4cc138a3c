import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { AppError, messageOf } from "../../kernel/index.ts";
import { type KubeClient, type Resource, kinds } from "../../kube/index.ts";
import type { Log } from "../../telemetry/index.ts";
import type { ConfigData, Pod } from "../objects/index.ts";
import { readJson, writeJson } from "./container-record.ts";

/** ConfigMaps and Secrets that pods of this node use; what was heard once is kept on disk and used while nobody answers. */
export interface ConfigObjects {
  /**
   * Makes sure that everything `pod` refers to was asked for. What is known is used at once and asked for again beside.
   * @throws AppError KUBELET_API_SILENT when something was never heard of and the API server gives no answer now.
   */
  ensure(pod: Pod): Promise<void>;
  /** As last heard of; undefined when it does not exist. */
  configMap(namespace: string, name: string): ConfigData | undefined;
  secret(namespace: string, name: string): ConfigData | undefined;
}

type Kind = "configMap" | "secret";
const RESOURCES: Readonly<Record<Kind, Resource>> = { configMap: kinds.configMaps, secret: kinds.secrets };

/** `dir` is made readable by its owner only. */
export function createConfigObjects(dir: string, deps: { readonly client: KubeClient; readonly log: Log }): ConfigObjects {
  mkdirSync(dir, { recursive: true });
  chmodSync(dir, 0o700);
  const known = new Map<string, ConfigData | undefined>();

  const fileOf = (id: string): string => join(dir, `${createHash("sha256").update(id).digest("hex").slice(0, 32)}.json`);

  const ask = async (kind: Kind, namespace: string, name: string): Promise<void> => {
    const id = `${kind}/${namespace}/${name}`;
    try {
      const object = await deps.client.get<ConfigData>(RESOURCES[kind], { namespace, name }, { timeoutMs: 5000 });
      known.set(id, object);
      writeJson(fileOf(id), { id, object });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "KUBE_NOT_FOUND") throw error;
      known.set(id, undefined);
      rmSync(fileOf(id), { force: true });
    }
  };

  const recall = (id: string): boolean => {
    if (known.get(id) !== undefined) return true;
    const stored = readJson(fileOf(id));
    if (typeof stored !== "object" || stored === null || !("object" in stored) || !("id" in stored) || stored.id !== id) return false;
    known.set(id, stored.object as ConfigData);
    return true;
  };

  const find = (id: string): ConfigData | undefined => (known.has(id) || recall(id) ? known.get(id) : undefined);

  return {
    async ensure(pod) {
      const namespace = pod.metadata.namespace ?? "";
      const asked = referencesOf(pod).map(async ([kind, name]) => {
        const id = `${kind}/${namespace}/${name}`;
        const answer = ask(kind, namespace, name);
        if (!recall(id)) return answer;
        answer.catch((error: unknown) => deps.log.debug({ id, error: messageOf(error) }, "using the last known"));
        return undefined;
      });
      const failed = (await Promise.allSettled(asked)).find((outcome) => outcome.status === "rejected");
      if (failed !== undefined)
        throw new AppError("KUBELET_API_SILENT", `cannot get what pod ${pod.metadata.name} refers to: ${messageOf(failed.reason)}`, {
          cause: failed.reason,
        });
    },
    configMap: (namespace, name) => find(`configMap/${namespace}/${name}`),
    secret: (namespace, name) => find(`secret/${namespace}/${name}`),
  };
}

function referencesOf(pod: Pod): readonly (readonly [Kind, string])[] {
  const found = new Map<string, readonly [Kind, string]>();
  const add = (kind: Kind, name: string | undefined): void => {
    if (name !== undefined) found.set(`${kind}/${name}`, [kind, name]);
  };
  for (const volume of pod.spec.volumes ?? []) {
    add("configMap", volume.configMap?.name);
    add("secret", volume.secret?.secretName);
  }
  for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
    for (const { valueFrom } of container.env ?? []) {
      add("configMap", valueFrom?.configMapKeyRef?.name);
      add("secret", valueFrom?.secretKeyRef?.name);
    }
    for (const from of container.envFrom ?? []) {
      add("configMap", from.configMapRef?.name);
      add("secret", from.secretRef?.name);
    }
  }
  return [...found.values()];
}
