import { readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../../kube/index.ts";

export { applyObject } from "./apply-object.ts";

type Loose = Readonly<Record<string, unknown>>;

/** The objects of a YAML file beside this one or, for the custom resource definition, under deploy/. */
export function readManifest(
  file: "applications.yaml" | "change.yaml" | "../../../deploy/crds/routegroups.zalando.org.yaml",
): KubeObject[] {
  const text = readFileSync(new URL(file, import.meta.url), "utf8");
  return parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
}

/** An application of the lab: a Deployment of `replicas` copies over the zones, and its Service. */
export function application(name: string, namespace: string, replicas: number): KubeObject[] {
  const labels = { app: name };
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 20,
          containers: [
            {
              name: "app",
              image: "holdfast/demo-app:lab",
              env: [
                { name: "APP_NAME", value: name },
                { name: "PORT", value: "8080" },
              ],
              ports: [{ name: "http", containerPort: 8080 }],
              readinessProbe: { httpGet: { path: "/healthz", port: "http" }, periodSeconds: 2, failureThreshold: 3, timeoutSeconds: 2 },
              resources: { requests: { cpu: "100m", memory: "64Mi" } },
            },
          ],
        },
      },
    },
  };
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, labels },
    spec: { selector: labels, ports: [{ name: "http", port: 80, targetPort: "http" }] },
  };
  return [deployment, service];
}

/** What a router fleet differs in. */
export interface Fleet {
  readonly policy: "naive" | "hold";
  readonly trafficPort: number;
  readonly adminPort: number;
  readonly workers: number;
}

export const ROUTER_NAMESPACE = "kube-system";

/** A router on every node, on the node's own address, its snapshots on a volume that outlives its containers; `more`: arguments besides. */
export function routerFleet(fleet: Fleet, drainDelaySeconds: number, more: readonly string[]): KubeObject {
  const name = `router-${fleet.policy}`;
  const labels = { app: name };
  const object: Loose & KubeObject = {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, namespace: ROUTER_NAMESPACE, labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          hostNetwork: true,
          terminationGracePeriodSeconds: 60,
          tolerations: [{ operator: "Exists" }],
          containers: [
            {
              name: "router",
              image: "holdfast/router:lab",
              args: [
                "--kubeconfig",
                "$(VOLUME_CREDENTIALS)/kubeconfig",
                "--listen",
                `$(NODE_IP):${fleet.trafficPort}`,
                "--admin",
                `$(NODE_IP):${fleet.adminPort}`,
                "--workers",
                String(fleet.workers),
                "--drain-delay",
                String(drainDelaySeconds),
                ...(fleet.policy === "naive" ? ["--policy", "naive"] : ["--snapshot", "$(VOLUME_SNAPSHOTS)"]),
                ...more,
              ],
              env: [
                { name: "NODE_IP", valueFrom: { fieldRef: { fieldPath: "status.hostIP" } } },
                // A router that is told to be naive, or weak, believes only then that it is in a lab.
                { name: "HOLDFAST_LAB", value: "1" },
              ],
              ports: [{ name: "traffic", containerPort: fleet.trafficPort, hostPort: fleet.trafficPort }],
              readinessProbe: { httpGet: { path: "/readyz", port: fleet.adminPort }, periodSeconds: 2, timeoutSeconds: 2 },
              volumeMounts: [
                { name: "credentials", mountPath: "/etc/holdfast", readOnly: true },
                { name: "snapshots", mountPath: "/var/lib/holdfast" },
              ],
            },
          ],
          volumes: [
            { name: "credentials", secret: { secretName: "router-credentials" } },
            { name: "snapshots", emptyDir: {} },
          ],
        },
      },
    },
  };
  return object;
}

/** The Secret with which a router reads the API. */
export function routerCredentials(kubeconfig: string): KubeObject {
  const object: Loose & KubeObject = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "router-credentials", namespace: ROUTER_NAMESPACE },
    type: "Opaque",
    data: { kubeconfig: Buffer.from(kubeconfig).toString("base64") },
  };
  return object;
}

export const FLOOD_NAMESPACE = "batch";
export const FLOOD_NAME = "reindex";

/**
 * The mistake of 2017: a CronJob that starts a Job every minute whether or not the last one ended, each of `podsPerRun`
 * pods, none of which fits on any node. The pods carry `paddingBytes` of environment, as generated manifests do.
 */
export function flood(podsPerRun: number, paddingBytes: number): KubeObject[] {
  const namespace: KubeObject = { apiVersion: "v1", kind: "Namespace", metadata: { name: FLOOD_NAMESPACE } };
  const variables = Array.from({ length: Math.ceil(paddingBytes / 128) }, (_, at) => ({
    name: `REINDEX_SHARD_${at}`,
    value: `postgres://search-${at}.example/catalogue?`.padEnd(100, "x"),
  }));
  const cronJob: Loose & KubeObject = {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: FLOOD_NAME, namespace: FLOOD_NAMESPACE },
    spec: {
      schedule: "* * * * *",
      concurrencyPolicy: "Allow",
      jobTemplate: {
        spec: {
          parallelism: podsPerRun,
          completions: podsPerRun,
          backoffLimit: 6,
          template: {
            metadata: { labels: { app: FLOOD_NAME } },
            spec: {
              restartPolicy: "Never",
              containers: [
                {
                  name: "reindex",
                  image: "holdfast/demo-app:lab",
                  env: variables,
                  resources: { requests: { cpu: "64", memory: "512Gi" } },
                },
              ],
            },
          },
        },
      },
    },
  };
  return [namespace, cronJob];
}
