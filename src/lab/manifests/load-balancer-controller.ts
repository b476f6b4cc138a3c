import type { KubeObject } from "../../kube/index.ts";
import { type Fleet, ROUTER_NAMESPACE } from "./index.ts";

type Loose = Readonly<Record<string, unknown>>;

/** What every controller of load balancers of the lab is told alike. */
export interface ControllerSettings {
  readonly clusterId: string;
  readonly region: string;
  readonly endpoint: string;
  readonly healthCheck: { readonly intervalSeconds: number; readonly timeoutSeconds: number; readonly threshold: number };
  readonly deregistrationDelaySeconds: number;
}

export const CONTROLLER_ADMIN_PORT = 9912;
const CREDENTIALS = "alb-credentials";

/** `holdfast alb` for one fleet: it makes load balancers in front of the fleet's routers. Only that of `hold` writes where they are into objects. `more`: arguments besides. */
export function loadBalancerController(fleet: Fleet, settings: ControllerSettings, more: readonly string[]): KubeObject {
  const name = controllerName(fleet);
  const labels = { app: name };
  const { healthCheck } = settings;
  const fromSecret = (key: string): Loose => ({ name: key, valueFrom: { secretKeyRef: { name: CREDENTIALS, key } } });
  const object: Loose & KubeObject = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: ROUTER_NAMESPACE, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 10,
          tolerations: [{ operator: "Exists" }],
          containers: [
            {
              name: "alb",
              image: "holdfast/alb:lab",
              args: [
                ["--kubeconfig", "$(VOLUME_CREDENTIALS)/kubeconfig"],
                ["--namespace", ROUTER_NAMESPACE],
                ["--region", settings.region],
                ["--endpoint", settings.endpoint],
                ["--cluster-id", settings.clusterId],
                ["--controller-id", fleet.policy],
                ["--target-port", String(fleet.trafficPort)],
                ["--health-check-port", String(fleet.adminPort)],
                ["--health-check-interval", String(healthCheck.intervalSeconds)],
                ["--health-check-timeout", String(healthCheck.timeoutSeconds)],
                ["--healthy-threshold-count", String(healthCheck.threshold)],
                ["--unhealthy-threshold-count", String(healthCheck.threshold)],
                ["--deregistration-delay-timeout", String(settings.deregistrationDelaySeconds)],
                ["--admin", `$(POD_IP):${CONTROLLER_ADMIN_PORT}`],
                ["--admin-token-file", "$(VOLUME_CREDENTIALS)/token"],
                fleet.policy === "hold" ? [] : ["--no-status"],
                more,
              ].flat(),
              env: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(fromSecret),
              ports: [{ name: "admin", containerPort: CONTROLLER_ADMIN_PORT }],
              readinessProbe: { httpGet: { path: "/readyz", port: "admin" }, periodSeconds: 2, timeoutSeconds: 2 },
              volumeMounts: [{ name: "credentials", mountPath: "/etc/holdfast", readOnly: true }],
            },
          ],
          volumes: [{ name: "credentials", secret: { secretName: CREDENTIALS } }],
        },
      },
    },
  };
  return object;
}

/** `alb-hold`. */
export function controllerName({ policy }: Fleet): string {
  return `alb-${policy}`;
}

/** The Secret with which the controllers read and write the API, call AWS, and know who may ask them. */
export function controllerCredentials(
  secrets: Readonly<Record<"kubeconfig" | "token" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY", string>>,
): KubeObject {
  const object: Loose & KubeObject = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: CREDENTIALS, namespace: ROUTER_NAMESPACE },
    type: "Opaque",
    data: Object.fromEntries(Object.entries(secrets).map(([key, value]) => [key, Buffer.from(value).toString("base64")])),
  };
  return object;
}
