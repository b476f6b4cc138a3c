import { randomBytes } from "node:crypto";
import type { ClusterConfig, Credentials } from "../../kube/index.ts";
import { issueCertificate, newKeyPair } from "../../x509/index.ts";
import type { ProxyInput } from "../fault-proxy/control/read-body.ts";

const NAME = "holdfast-fault-proxy";
const VALID_MS = 30 * 24 * 3600 * 1000;

/** The name of the proxy before an API server. */
export const KUBERNETES = "kubernetes";

/** A proxy before an API server, and what its clients need to come through it. */
export interface KubernetesWay {
  readonly proxy: ProxyInput;
  /** The kubeconfig of whoever is to come through the proxy, which listens at `listen`. It speaks as the one that the proxy was given. */
  kubeconfig(listen: string): string;
}

/**
 * Makes what stands before the API server of a cluster: it speaks TLS with a certificate of its own, which the kubeconfig trusts, and to the API server as
 * the user of the cluster's configuration. Who comes with other credentials comes as who they are.
 */
export function kubernetesWay(cluster: ClusterConfig, nowMs: number): KubernetesWay {
  const { publicKey, privateKey } = newKeyPair();
  const certificate = issueCertificate({
    subject: NAME,
    publicKey,
    issuer: NAME,
    signingKey: privateKey,
    alternativeNames: ["127.0.0.1", "localhost"],
    isAuthority: true,
    validFromMs: nowMs - 60_000,
    validUntilMs: nowMs + VALID_MS,
  });
  const clientToken = randomBytes(24).toString("base64url");
  return {
    proxy: {
      name: KUBERNETES,
      listen: "127.0.0.1:0",
      upstream: new URL(cluster.server).origin,
      enabled: true,
      http: {
        tls: { certificate, key: privateKey.export({ type: "pkcs8", format: "pem" }) },
        upstreamTls: {
          clientToken,
          insecure: cluster.insecureSkipTlsVerify === true,
          ...(cluster.ca === undefined ? {} : { ca: cluster.ca }),
          ...(cluster.tlsServerName === undefined ? {} : { serverName: cluster.tlsServerName }),
          ...identityOf(cluster.credentials),
        },
      },
    },
    kubeconfig: (listen) =>
      `${JSON.stringify(
        {
          apiVersion: "v1",
          kind: "Config",
          clusters: [
            {
              name: NAME,
              cluster: { server: `https://${listen}`, "certificate-authority-data": Buffer.from(certificate).toString("base64") },
            },
          ],
          users: [{ name: NAME, user: { token: clientToken } }],
          contexts: [{ name: NAME, context: { cluster: NAME, user: NAME, namespace: cluster.namespace } }],
          "current-context": NAME,
        },
        null,
        2,
      )}\n`,
  };
}

function identityOf(credentials: Credentials): {
  readonly certificate?: string;
  readonly key?: string;
  readonly token?: string;
  readonly tokenFile?: string;
} {
  if (credentials.type === "certificate") return { certificate: credentials.cert, key: credentials.key };
  if (credentials.type === "token") return { token: credentials.token };
  return credentials.type === "tokenFile" ? { tokenFile: credentials.path } : {};
}
