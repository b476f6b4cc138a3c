export type { KubeletConfig } from "./config.ts";
export { killContainers } from "./power-cut.ts";
export { type Kubelet, runKubelet, startKubelet } from "./run-kubelet.ts";
export { type RunningContainer, runningContainers } from "./running-containers.ts";
