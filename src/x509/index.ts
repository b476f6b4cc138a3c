export { certificateHosts, commonHost } from "./certificate-hosts.ts";
export { type CertificateRequest, issueCertificate, newKeyPair } from "./certificate.ts";
