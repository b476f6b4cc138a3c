type Protocol = "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";

const TLS_13 = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];
const ECDHE_GCM = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
];
const ECDHE_SHA2 = ["ECDHE-ECDSA-AES128-SHA256", "ECDHE-RSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-RSA-AES256-SHA384"];
const ECDHE_SHA = ["ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA", "ECDHE-ECDSA-AES256-SHA"];
const RSA_SHA2 = ["AES128-GCM-SHA256", "AES128-SHA256", "AES256-GCM-SHA384", "AES256-SHA256"];
const RSA_SHA = ["AES128-SHA", "AES256-SHA"];
const FORWARD_SECRET = [...ECDHE_GCM, ...ECDHE_SHA2];
const ALL = [...FORWARD_SECRET, ...ECDHE_SHA, ...RSA_SHA2, ...RSA_SHA];

const SINCE_10: readonly Protocol[] = ["TLSv1", "TLSv1.1", "TLSv1.2"];
const SINCE_11: readonly Protocol[] = ["TLSv1.1", "TLSv1.2"];
const ONLY_12: readonly Protocol[] = ["TLSv1.2"];
const ONLY_13: readonly Protocol[] = ["TLSv1.3"];

export interface SslPolicy {
  readonly name: string;
  /** Oldest first. */
  readonly protocols: readonly Protocol[];
  /** As OpenSSL calls them, in the order of preference. */
  readonly ciphers: readonly string[];
}

/** Security policies of listeners (page "Security policies for your Application Load Balancer") that the lab's AWS knows, newest first. */
export const sslPolicies: readonly SslPolicy[] = [
  policy("TLS13-1-2-2021-06", [...ONLY_12, ...ONLY_13], FORWARD_SECRET),
  policy("TLS13-1-3-2021-06", ONLY_13, []),
  policy("TLS13-1-2-Res-2021-06", [...ONLY_12, ...ONLY_13], ECDHE_GCM),
  policy("TLS13-1-2-Ext1-2021-06", [...ONLY_12, ...ONLY_13], [...FORWARD_SECRET, ...RSA_SHA2]),
  policy("TLS13-1-2-Ext2-2021-06", [...ONLY_12, ...ONLY_13], ALL),
  policy("TLS13-1-1-2021-06", [...SINCE_11, ...ONLY_13], ALL),
  policy("TLS13-1-0-2021-06", [...SINCE_10, ...ONLY_13], ALL),
  policy("FS-1-2-Res-2020-10", ONLY_12, ECDHE_GCM),
  policy("FS-1-2-Res-2019-08", ONLY_12, FORWARD_SECRET),
  policy("FS-1-2-2019-08", ONLY_12, [...FORWARD_SECRET, ...ECDHE_SHA]),
  policy("FS-2018-06", SINCE_10, [...FORWARD_SECRET, ...ECDHE_SHA]),
  policy("TLS-1-2-Ext-2018-06", ONLY_12, ALL),
  policy("TLS-1-2-2017-01", ONLY_12, [...FORWARD_SECRET, ...RSA_SHA2]),
  policy("TLS-1-1-2017-01", SINCE_11, ALL),
  policy("2016-08", SINCE_10, ALL),
];

/** Of a listener made through the API that names none. */
export const DEFAULT_SSL_POLICY = "ELBSecurityPolicy-2016-08";

function policy(name: string, protocols: readonly Protocol[], ciphers: readonly string[]): SslPolicy {
  const suites = protocols.includes("TLSv1.3") ? TLS_13 : [];
  return { name: `ELBSecurityPolicy-${name}`, protocols, ciphers: [...suites, ...ciphers] };
}
