export { type CertificateRequest, issueCertificate, newKeyPair } from "./certificate.ts";
