export type { KubeletConfig } from "./config.ts";
export { type Kubelet, runKubelet, startKubelet } from "./run-kubelet.ts";
