/** How to reach one cluster: what a kubeconfig's context or a pod's service account says. */
export interface ClusterConfig {
  readonly server: string;
  /** PEM of the certificate authorities. */
  readonly ca?: string;
  readonly tlsServerName?: string;
  readonly insecureSkipTlsVerify?: boolean;
  readonly credentials: Credentials;
  /** Default namespace of the context. */
  readonly namespace: string;
}

/**
 * A token file is read again every minute and after a 401, because projected service account tokens are replaced on disk; so are the files of a
 * certificate, where it came from files.
 */
export type Credentials =
  | { readonly type: "none" }
  | { readonly type: "token"; readonly token: string }
  | { readonly type: "tokenFile"; readonly path: string }
  | { readonly type: "certificate"; readonly cert: string; readonly key: string; readonly files?: CertificateFiles };

/** Where a client certificate and its key were read from, both absolute. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}
