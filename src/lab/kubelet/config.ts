import { isIPv4 } from "node:net";
import { isAbsolute } from "node:path";
import { AppError } from "../../kernel/index.ts";
import { Fields } from "../control/index.ts";
import { type ApiAccess, readApiAccess } from "../machinery/index.ts";
import { parseQuantity } from "../objects/index.ts";

/** What a kubelet is told by the lab. Plain JSON. */
export interface KubeletConfig {
  readonly nodeName: string;
  /** `topology.kubernetes.io/zone`. */
  readonly zone: string;
  /** The node's own address; the local API listens there. */
  readonly address: string;
  /** `spec.providerID`: which machine of which cloud the node is. Without it the node says nothing of one. */
  readonly providerId?: string;
  /** The node's name in the private DNS of its cloud. */
  readonly internalDns?: string;
  /** Default 10250. */
  readonly port?: number;
  /** First three numbers of the pods' addresses: `127.77.11`. Pods get `.1` to `.254`. */
  readonly podBlock: string;
  readonly api: ApiAccess;
  /** Absolute folder of this node alone. */
  readonly stateDir: string;
  /** Image name -> program and first arguments. */
  readonly images: Readonly<Record<string, readonly string[]>>;
  /** Images for which the pod's `command` replaces the program; elsewhere `command` is refused. */
  readonly hostImages?: readonly string[];
  /** In every container's environment, below what the pod says. */
  readonly containerEnv?: Readonly<Record<string, string>>;
  /** `{cpu, memory, pods, ephemeral-storage}` as quantities. */
  readonly allocatable: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Renewal interval of the node's Lease; its duration is four times that. Default 10. */
  readonly leaseSeconds?: number;
  /** Interval of the node's status heartbeat. Default 300. */
  readonly nodeStatusSeconds?: number;
  /** Second restart waits this long, each later one twice as long as the one before. Default 10000. */
  readonly crashBackoffMs?: number;
  /** Default 300000. */
  readonly crashBackoffMaxMs?: number;
  /** A container that ran this long starts its back-off anew. Default 600000. */
  readonly crashBackoffResetMs?: number;
  /** When the kubelet is told to stop, its containers get at most this long. Default 5000. */
  readonly shutdownGraceMs?: number;
  /** Log bytes of a container before the older part is cut off. Default 10485760. */
  readonly containerLogMaxBytes?: number;
}

/** {@link KubeletConfig} with its defaults in place. */
export type KubeletSettings = Required<KubeletConfig>;

const BAD_CONFIG = "KUBELET_BAD_CONFIG";
const DAY_MS = 86_400_000;
const DAY_SECONDS = 86_400;

/**
 * Reads a kubelet's configuration from outside and fills in its defaults.
 * @throws AppError KUBELET_BAD_CONFIG with the path of the first wrong field
 */
export function readKubeletConfig(config: unknown): KubeletSettings {
  const fields = new Fields(config, "", BAD_CONFIG);
  const settings: KubeletSettings = {
    nodeName: fields.textThat("nodeName", (text) => /^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/.test(text), "a lower-case DNS name"),
    zone: fields.text("zone"),
    address: fields.textThat("address", isIPv4, "an IPv4 address"),
    providerId: fields.text("providerId", ""),
    internalDns: fields.text("internalDns", ""),
    port: fields.integer("port", { min: 0, max: 65_535, fallback: 10_250 }),
    podBlock: fields.textThat("podBlock", (text) => isIPv4(`${text}.1`), "the first three numbers of an IPv4 address, such as 127.77.11"),
    api: readApiAccess(fields),
    stateDir: fields.textThat("stateDir", isAbsolute, "an absolute folder"),
    images: fields.map("images", readWords),
    hostImages: fields.has("hostImages") ? fields.texts("hostImages", { min: 0, max: 100 }) : ["holdfast/host:lab"],
    containerEnv: fields.textMap("containerEnv"),
    allocatable: fields.map("allocatable", readQuantity),
    labels: fields.textMap("labels"),
    leaseSeconds: fields.positive("leaseSeconds", DAY_SECONDS, 10),
    nodeStatusSeconds: fields.positive("nodeStatusSeconds", DAY_SECONDS, 300),
    crashBackoffMs: fields.positive("crashBackoffMs", DAY_MS, 10_000),
    crashBackoffMaxMs: fields.positive("crashBackoffMaxMs", DAY_MS, 300_000),
    crashBackoffResetMs: fields.positive("crashBackoffResetMs", DAY_MS, 600_000),
    shutdownGraceMs: fields.positive("shutdownGraceMs", DAY_MS, 5_000),
    containerLogMaxBytes: fields.integer("containerLogMaxBytes", { min: 1, max: 2 ** 40, fallback: 10 * 1024 * 1024 }),
  };
  fields.end();
  return settings;
}

function readWords(value: unknown, path: string): readonly string[] {
  if (Array.isArray(value) && value.every((word) => typeof word === "string")) return value;
  throw new AppError(BAD_CONFIG, `${path}: must be a list of words`);
}

function readQuantity(value: unknown, path: string): string {
  if (typeof value === "string" && parseQuantity(value) !== undefined) return value;
  throw new AppError(BAD_CONFIG, `${path}: must be a quantity, such as 2, 500m or 4Gi`);
}
