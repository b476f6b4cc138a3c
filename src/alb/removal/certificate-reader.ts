import type { Aws, CertificateRecord } from "../../aws/index.ts";
import { AppError } from "../../kernel/index.ts";
import type { CertificateNow } from "./certificate-proof.ts";

/** Asks ACM or IAM for one certificate by its ARN; what a list lacks may be there all the same. Rejects with AppError when it cannot be told. */
export function certificateReader({ acm, iam }: Pick<Aws, "acm" | "iam">): (arn: string) => Promise<CertificateNow> {
  return async (arn) => {
    const [, serverCertificate] = /^arn:[^:]*:iam::[^:]*:server-certificate\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
    let found: CertificateRecord;
    try {
      found = serverCertificate === undefined ? await acm.certificate(arn) : await iam.certificate(serverCertificate);
    } catch (error) {
      if (error instanceof AppError && error.code === "AWS_NOT_FOUND") return { state: "gone" };
      throw error;
    }
    return { state: "there", names: found.names };
  };
}
