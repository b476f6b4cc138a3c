/** Where to listen; `host` is an address literal, without brackets. Port 0 lets the kernel choose (for tests; one worker only). */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A listener for TLS, beside the plain one. HTTP/2 is offered on it. */
export interface TlsListener {
  readonly listen: ListenAddress;
  /** Where certificates are; it is looked at again and again. */
  readonly folder?: string;
  /** Whether they come from Secrets, too. */
  readonly secrets: boolean;
  readonly clientCertificates: "off" | "optional" | "required";
  /** PEM; given unless `clientCertificates` is `off`. */
  readonly clientAuthoritiesFile?: string;
}

/** How endpoints written `https://` prove who they are. */
export interface BackendTls {
  /** PEM; in place of the authorities that Node brings. */
  readonly authorities?: string;
  readonly isVerified: boolean;
}

/** What connections begin with on all listeners: a PROXY header, from these addresses only where they are given. */
export interface ProxyProtocolOptions {
  readonly from?: readonly string[];
}
