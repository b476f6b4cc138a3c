import { existsSync, lstatSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { AppError } from "../../kernel/index.ts";
import type { ConfigData, KeyToPath, Pod, Volume } from "../objects/index.ts";
import { decodeData } from "./environment.ts";

/** Where the contents of configMap and secret volumes come from. */
export interface VolumeSources {
  configMap(name: string): ConfigData | undefined;
  secret(name: string): ConfigData | undefined;
}

/**
 * Makes the pod's volumes below `volumesDir` and tells the real folder of each. Called again it keeps what is there
 * (an emptyDir survives its containers' restarts) and writes configMap and secret files anew.
 * @throws AppError KUBELET_VOLUME, in the words of the kubelet's FailedMount event.
 */
export function prepareVolumes(pod: Pod, volumesDir: string, sources: VolumeSources): ReadonlyMap<string, string> {
  const folders = new Map<string, string>();
  for (const volume of pod.spec.volumes ?? []) {
    if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(volume.name)) throw failed(volume, "its name is not a DNS label");
    folders.set(volume.name, prepare(volume, join(volumesDir, volume.name), sources));
  }
  return folders;
}

function prepare(volume: Volume, dir: string, sources: VolumeSources): string {
  if (volume.hostPath !== undefined) return hostFolder(volume, volume.hostPath);
  mkdirSync(dir, { recursive: true });
  if (volume.emptyDir !== undefined) return dir;
  if (volume.configMap !== undefined) {
    const { name, items, optional } = volume.configMap;
    writeFiles(volume, dir, sources.configMap(name), { what: `configmap "${name}"`, isSecret: false, items, optional });
    return dir;
  }
  if (volume.secret !== undefined) {
    const { secretName, items, optional } = volume.secret;
    writeFiles(volume, dir, sources.secret(secretName), { what: `secret "${secretName}"`, isSecret: true, items, optional });
    return dir;
  }
  throw failed(volume, "only emptyDir, hostPath, configMap and secret volumes are known here");
}

function hostFolder(volume: Volume, source: NonNullable<Volume["hostPath"]>): string {
  if (!isAbsolute(source.path)) throw failed(volume, `hostPath ${source.path} is not absolute`);
  if (source.type === "DirectoryOrCreate") mkdirSync(source.path, { recursive: true });
  const wantsFolder = source.type === "Directory" || source.type === "DirectoryOrCreate";
  if (wantsFolder && !(existsSync(source.path) && lstatSync(source.path).isDirectory()))
    throw failed(volume, `hostPath type check failed: ${source.path} is not a directory`);
  return source.path;
}

interface FileOptions {
  readonly what: string;
  readonly isSecret: boolean;
  readonly items: readonly KeyToPath[] | undefined;
  readonly optional: boolean | undefined;
}

function writeFiles(volume: Volume, dir: string, object: ConfigData | undefined, options: FileOptions): void {
  if (object === undefined) {
    if (options.optional === true) return;
    throw failed(volume, `${options.what} not found`);
  }
  const data = decodeData(object, options.isSecret);
  const items = options.items ?? [...data.keys()].map((key) => ({ key, path: key }));
  for (const { key, path } of items) {
    const bytes = data.get(key);
    if (bytes === undefined) {
      if (options.optional === true) continue;
      throw failed(volume, `${options.what} has no key ${key}`);
    }
    const safe = normalize(path);
    if (isAbsolute(safe) || safe === ".." || safe.startsWith("../")) throw failed(volume, `path ${path} leaves the volume`);
    mkdirSync(dirname(join(dir, safe)), { recursive: true });
    writeFileSync(join(dir, safe), bytes, { mode: options.isSecret ? 0o600 : 0o644 });
  }
}

function failed(volume: Volume, why: string): AppError {
  return new AppError("KUBELET_VOLUME", `MountVolume.SetUp failed for volume "${volume.name}": ${why}`);
}
