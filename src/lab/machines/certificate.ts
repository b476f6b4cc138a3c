import { writeFileSync } from "node:fs";
import { ACM } from "@aws-sdk/client-acm";
import { issueCertificate, newKeyPair } from "../../x509/index.ts";
import { LOAD_HOSTS, type LabPlan, SALE_HOST } from "../part-configs.ts";
import { awsAccess } from "./account.ts";

const SUBJECT = "*.lab";
/** Names beside it: clients believe no wildcard right below a top-level domain. */
const HOSTS = [...new Set([...LOAD_HOSTS, SALE_HOST].map(({ host }) => host)), "retired.lab", SUBJECT];
const DAY_MS = 24 * 3_600_000;
const DAYS = 90;

/** Imports a certificate for the hosts of the lab's routes into ACM, its own authority; clients find it in the lab's folder. Rejects as the SDK does. */
export async function importCertificate(plan: LabPlan, nowMs: number): Promise<void> {
  const { publicKey, privateKey } = newKeyPair();
  const certificate = issueCertificate({
    subject: SUBJECT,
    publicKey,
    issuer: SUBJECT,
    signingKey: privateKey,
    alternativeNames: HOSTS,
    validFromMs: nowMs - DAY_MS,
    validUntilMs: nowMs + DAYS * DAY_MS,
  });
  writeFileSync(plan.folder.certificateFile, certificate);
  const acm = new ACM(awsAccess(plan));
  try {
    const key = privateKey.export({ type: "pkcs8", format: "pem" });
    await acm.importCertificate({ Certificate: Buffer.from(certificate), PrivateKey: Buffer.from(key) });
  } finally {
    acm.destroy();
  }
}
