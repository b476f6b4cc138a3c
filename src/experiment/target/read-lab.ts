import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { AppError, isRecord, isRunning, messageOf } from "../../kernel/index.ts";
import type { LabHandle, LabZone } from "./target.ts";

/** The lab of a state folder. Throws AppError `EXPERIMENT_TARGET` where none runs. */
export function readLab(stateFolder: string): LabHandle {
  const folder = resolve(stateFolder);
  const file = join(folder, "lab.json");
  const unusable = (what: string): AppError =>
    new AppError("EXPERIMENT_TARGET", `${file}: ${what}; name the state folder of a lab that runs (holdfast lab --state DIR)`);
  let told: unknown;
  try {
    told = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw unusable(`cannot be read (${messageOf(error)})`);
  }
  if (!isRecord(told) || told["version"] !== 1) throw unusable("is not of a lab that this program knows");
  const { pid, startedAtTicks, kubeconfig, awsEnvironment, url, token, awsControl, networkNamespace = null } = told;
  if (
    typeof pid !== "number" ||
    typeof kubeconfig !== "string" ||
    !isRecord(awsEnvironment) ||
    Object.values(awsEnvironment).some((value) => typeof value !== "string") ||
    typeof url !== "string" ||
    typeof token !== "string" ||
    !isRecord(awsControl) ||
    typeof awsControl["url"] !== "string" ||
    typeof awsControl["token"] !== "string" ||
    (networkNamespace !== null && typeof networkNamespace !== "string") ||
    (startedAtTicks !== undefined && typeof startedAtTicks !== "string" && typeof startedAtTicks !== "number")
  )
    throw unusable("lacks a field");
  if (!isRunning({ pid, startTime: String(startedAtTicks ?? "") })) throw unusable(`its lab, process ${pid}, is gone`);
  return {
    folder,
    pid,
    kubeconfig: resolve(folder, kubeconfig),
    awsEnvironment: awsEnvironment as Readonly<Record<string, string>>,
    url,
    token,
    awsControl: { url: awsControl["url"], token: awsControl["token"] },
    networkNamespace,
    zones: zonesIn(told["network"]),
  };
}

function zonesIn(network: unknown): readonly LabZone[] {
  const zones = isRecord(network) && Array.isArray(network["zones"]) ? (network["zones"] as readonly unknown[]) : [];
  return zones.filter(isRecord).map((zone) => ({
    name: String(zone["name"]),
    publicCidr: String(zone["publicCidr"]),
    privateCidr: String(zone["privateCidr"]),
  }));
}
