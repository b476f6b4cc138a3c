import type { HostConfig } from "./alb/index.ts";
import { type ApiServerConfig, type ServingCertificate, kubeconfigFor } from "./apiserver/index.ts";
import type { LabCredentials } from "./credentials.ts";
import type { KubeletConfig } from "./kubelet/index.ts";
import type { LoadConfig, LoadHostConfig } from "./load/index.ts";
import type { Fleet } from "./manifests/index.ts";
import type { LabNode } from "./machines/machines.ts";
import { ALB_CONTROL_PORT, API_SERVER_PORT, KUBELET_PORT, LOAD_CONTROL_PORT, type LabNetwork } from "./network.ts";
import { LAB_TIME, type LabOptions } from "./options.ts";
import type { StateFolder } from "./state-folder.ts";

/** Everything that the parts' configurations are made from. */
export interface LabPlan {
  readonly options: LabOptions;
  readonly network: LabNetwork;
  readonly folder: StateFolder;
  readonly credentials: LabCredentials;
  readonly certificate: ServingCertificate;
  readonly fleets: readonly Fleet[];
}

/** Hosts the load asks for, in turn, and the application that must answer. */
export const LOAD_HOSTS: readonly LoadHostConfig[] = [
  { host: "shop.lab", path: "/", application: "storefront" },
  { host: "shop.lab", path: "/cart/items", application: "cart" },
  { host: "cart.lab", path: "/", application: "cart" },
  { host: "search.lab", path: "/find?q=holdfast", application: "search" },
];

/** The route that is made just before the outage, as the load asks for it from then on. */
export const SALE_HOST: LoadHostConfig = { host: "sale.lab", path: "/", application: "cart" };

export function apiServerUrl(plan: LabPlan): string {
  return `http://${plan.network.apiServer}:${API_SERVER_PORT}`;
}

/** A kubeconfig for the lab's API server, over TLS: kubectl sends a token to no other server. */
export function kubeconfigText(plan: LabPlan, user: string, token: string): string {
  const server = apiServerUrl(plan).replace("http:", "https:");
  return kubeconfigFor({ server, certificateAuthority: plan.certificate.certificate, token, user });
}

export function apiServerConfig(plan: LabPlan): ApiServerConfig {
  const { credentials } = plan;
  const masters = ["system:masters"];
  return {
    listen: { host: plan.network.apiServer, port: API_SERVER_PORT },
    tls: { certificateFile: plan.certificate.certificateFile, keyFile: plan.certificate.keyFile },
    storeFile: plan.folder.storeFile,
    tokens: [
      { token: credentials.admin, user: "admin", groups: masters },
      { token: credentials.controllers, user: "system:kube-controller-manager", groups: masters },
      { token: credentials.scheduler, user: "system:kube-scheduler", groups: masters },
      { token: credentials.kubelet, user: "system:node", groups: masters },
      { token: credentials.alb, user: "system:serviceaccount:kube-system:alb", groups: masters },
      { token: credentials.router, user: "system:serviceaccount:kube-system:router", groups: [] },
    ],
  };
}

export function kubeletConfig(plan: LabPlan, node: LabNode): KubeletConfig {
  const { name, zone, address } = node;
  return {
    nodeName: name,
    zone,
    address,
    providerId: `aws:///${zone}/${node.instanceId}`,
    internalDns: node.privateDnsName,
    port: KUBELET_PORT,
    podBlock: plan.network.podPrefix(address),
    api: { server: apiServerUrl(plan), token: plan.credentials.kubelet },
    stateDir: plan.folder.nodeFolder(name),
    images: {
      "holdfast/router:lab": plan.options.routerCommand,
      "holdfast/alb:lab": plan.options.albCommand,
      "holdfast/demo-app:lab": [process.execPath, new URL("demo-app/main.mjs", import.meta.url).pathname],
    },
    containerEnv: plan.options.containerEnv,
    allocatable: { cpu: "4", memory: "8Gi", pods: "110", "ephemeral-storage": "10Gi" },
    leaseSeconds: LAB_TIME.leaseSeconds,
    crashBackoffMs: LAB_TIME.crashBackoffMs,
  };
}

/** The host of all load balancers. */
export function albConfig({ network, folder, credentials }: LabPlan): HostConfig {
  return {
    control: { host: network.albHost, port: ALB_CONTROL_PORT, token: credentials.control },
    stateFile: folder.loadBalancersFile,
    loadBalancers: [],
  };
}

/** `urls` are those of each fleet's load balancer. */
export function loadConfig(plan: LabPlan, urls: (fleet: Fleet) => readonly string[]): LoadConfig {
  return {
    targets: plan.fleets.map((fleet) => ({
      policy: fleet.policy,
      urls: urls(fleet),
      hosts: LOAD_HOSTS,
      ratePerSecond: plan.options.ratePerSecond,
      arrival: "constant",
      timeoutMs: 10_000,
      retryOnReset: false,
      maxOutstanding: 4096,
    })),
    control: { host: plan.network.loadAddress, port: LOAD_CONTROL_PORT, token: plan.credentials.control },
  };
}
