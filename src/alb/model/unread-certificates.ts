import type { Evidence } from "../evidence.ts";
import type { Certificate } from "./certificate-choice.ts";
import type { ClaimProblem } from "./claim.ts";
import type { Layout } from "./desired.ts";

/**
 * While not all certificates can be read, one that was not found may be there all the same: nobody is told that it is missing, and no client is sent to
 * a load balancer without it.
 */
export function withUnreadCertificates(layout: Layout, certificates: Evidence<readonly Certificate[]>): Layout {
  if (certificates.state === "fresh") return layout;
  const why = `whether there is a certificate for it is not known, not all can be read: ${certificates.why}`;
  const waits = new Map<string, string>();
  const problems = layout.problems.map((problem): ClaimProblem => {
    if (problem.reason !== "CertificateNotFound") return problem;
    waits.set(problem.owner, why);
    return { owner: problem.owner, reason: "CertificatesNotRead", message: why };
  });
  return waits.size === 0 ? layout : { ...layout, problems, waits };
}
