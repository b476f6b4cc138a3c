import { isIPv4 } from "node:net";
import { isAbsolute } from "node:path";
import { AppError } from "../../kernel/index.ts";
import { parseQuantity } from "../machinery/index.ts";

/** What a kubelet is told by the lab. Plain JSON. */
export interface KubeletConfig {
  readonly nodeName: string;
  /** `topology.kubernetes.io/zone`. */
  readonly zone: string;
  /** The node's own address; the local API listens there. */
  readonly address: string;
  /** Default 10250. */
  readonly port?: number;
  /** First three numbers of the pods' addresses: `127.77.11`. Pods get `.1` to `.254`. */
  readonly podBlock: string;
  readonly api: { readonly server: string; readonly token: string };
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

const DEFAULTS = {
  port: 10_250,
  hostImages: ["holdfast/host:lab"],
  containerEnv: {},
  labels: {},
  leaseSeconds: 10,
  nodeStatusSeconds: 300,
  crashBackoffMs: 10_000,
  crashBackoffMaxMs: 300_000,
  crashBackoffResetMs: 600_000,
  shutdownGraceMs: 5_000,
  containerLogMaxBytes: 10 * 1024 * 1024,
} as const;

/**
 * Checks a kubelet's configuration and fills in its defaults.
 * @throws AppError KUBELET_BAD_CONFIG naming the field and how to mend it.
 */
export function readKubeletConfig(config: KubeletConfig): KubeletSettings {
  const settings: KubeletSettings = { ...DEFAULTS, ...config };
  demand(/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/.test(settings.nodeName), "nodeName", "a lower-case DNS name");
  demand(typeof settings.zone === "string" && settings.zone !== "", "zone", "a zone's name");
  demand(isIPv4(settings.address), "address", "an IPv4 address");
  demand(isIPv4(`${settings.podBlock}.1`), "podBlock", "the first three numbers of an IPv4 address (127.77.11)");
  demand(isAbsolute(settings.stateDir), "stateDir", "an absolute folder");
  demand(URL.canParse(settings.api.server), "api.server", "an http URL");
  for (const [image, argv] of Object.entries(settings.images)) {
    demand(Array.isArray(argv) && argv.every((word) => typeof word === "string"), `images[${image}]`, "a list of words");
  }
  for (const [name, quantity] of Object.entries(settings.allocatable)) {
    demand(parseQuantity(quantity) !== undefined, `allocatable.${name}`, "a quantity (2, 500m, 4Gi)");
  }
  for (const name of [
    "leaseSeconds",
    "nodeStatusSeconds",
    "crashBackoffMs",
    "crashBackoffMaxMs",
    "crashBackoffResetMs",
    "shutdownGraceMs",
    "containerLogMaxBytes",
  ] as const) {
    demand(Number.isFinite(settings[name]) && settings[name] > 0, name, "a number above 0");
  }
  demand(Number.isInteger(settings.port) && settings.port >= 0 && settings.port <= 65_535, "port", "a port from 0 to 65535");
  return settings;
}

function demand(good: boolean, field: string, wanted: string): void {
  if (!good) throw new AppError("KUBELET_BAD_CONFIG", `kubelet configuration: ${field}: must be ${wanted}`);
}
