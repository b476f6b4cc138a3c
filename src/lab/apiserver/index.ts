export type { ApiServerConfig, TokenEntry } from "./config.ts";
export { type KubeconfigEntry, kubeconfigFor } from "./kubeconfig.ts";
export { runApiServer } from "./run.ts";
export { type ApiServer, type ApiServerDeps, createApiServer } from "./server.ts";
export { type ServingCertificate, ensureServingCertificate } from "./serving-certificate.ts";
