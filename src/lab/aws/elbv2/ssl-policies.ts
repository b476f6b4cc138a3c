/** Security policies of listeners (page "Security policies for your Application Load Balancer") that the lab's AWS knows, newest first. */
export const sslPolicies: readonly { readonly name: string; readonly protocols: readonly string[] }[] = [
  { name: "ELBSecurityPolicy-TLS13-1-2-2021-06", protocols: ["TLSv1.2", "TLSv1.3"] },
  { name: "ELBSecurityPolicy-TLS13-1-3-2021-06", protocols: ["TLSv1.3"] },
  { name: "ELBSecurityPolicy-TLS13-1-2-Res-2021-06", protocols: ["TLSv1.2", "TLSv1.3"] },
  { name: "ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06", protocols: ["TLSv1.2", "TLSv1.3"] },
  { name: "ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", protocols: ["TLSv1.2", "TLSv1.3"] },
  { name: "ELBSecurityPolicy-TLS13-1-1-2021-06", protocols: ["TLSv1.1", "TLSv1.2", "TLSv1.3"] },
  { name: "ELBSecurityPolicy-TLS13-1-0-2021-06", protocols: ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] },
  { name: "ELBSecurityPolicy-FS-1-2-Res-2020-10", protocols: ["TLSv1.2"] },
  { name: "ELBSecurityPolicy-FS-1-2-Res-2019-08", protocols: ["TLSv1.2"] },
  { name: "ELBSecurityPolicy-FS-1-2-2019-08", protocols: ["TLSv1.2"] },
  { name: "ELBSecurityPolicy-FS-2018-06", protocols: ["TLSv1", "TLSv1.1", "TLSv1.2"] },
  { name: "ELBSecurityPolicy-TLS-1-2-Ext-2018-06", protocols: ["TLSv1.2"] },
  { name: "ELBSecurityPolicy-TLS-1-2-2017-01", protocols: ["TLSv1.2"] },
  { name: "ELBSecurityPolicy-TLS-1-1-2017-01", protocols: ["TLSv1.1", "TLSv1.2"] },
  { name: "ELBSecurityPolicy-2016-08", protocols: ["TLSv1", "TLSv1.1", "TLSv1.2"] },
];

/** Of a listener made through the API that names none. */
export const DEFAULT_SSL_POLICY = "ELBSecurityPolicy-2016-08";
