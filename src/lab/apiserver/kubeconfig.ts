/** What a kubeconfig of one cluster and one user holds. */
export interface KubeconfigEntry {
  /** `https://127.20.0.1:6443`. */
  readonly server: string;
  /** PEM of the certificate that signed the server's; needed with https. */
  readonly certificateAuthority?: string;
  readonly token: string;
  readonly user: string;
}

/** A kubeconfig file (JSON, which is YAML too) with namespace `default`. */
export function kubeconfigFor({ server, certificateAuthority, token, user }: KubeconfigEntry): string {
  const authority =
    certificateAuthority === undefined ? {} : { "certificate-authority-data": Buffer.from(certificateAuthority).toString("base64") };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "holdfast-lab", cluster: { server, ...authority } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: "holdfast-lab", context: { cluster: "holdfast-lab", user, namespace: "default" } }],
    "current-context": "holdfast-lab",
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
