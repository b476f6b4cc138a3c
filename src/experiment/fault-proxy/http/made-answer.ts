import { randomUUID } from "node:crypto";
import type { AwsProtocol } from "./aws-request.ts";
import type { RequestFacts } from "./request-facts.ts";
import type { HttpFault } from "./rule.ts";

/** An answer that nobody upstream gave. */
export interface MadeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Reasons as in k8s.io/apimachinery meta/v1 types.go. */
const REASONS: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Expired",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

/** What each protocol calls a thing that all of them have. */
const AWS_CODES: Readonly<Record<string, Readonly<Record<AwsProtocol, readonly [code: string, status: number]>>>> = {
  throttling: { query: ["Throttling", 400], ec2: ["RequestLimitExceeded", 503], json: ["ThrottlingException", 400] },
  internal: { query: ["InternalFailure", 500], ec2: ["InternalError", 500], json: ["InternalServerException", 500] },
  unavailable: { query: ["ServiceUnavailable", 503], ec2: ["Unavailable", 503], json: ["ServiceUnavailableException", 503] },
  denied: { query: ["AccessDenied", 403], ec2: ["UnauthorizedOperation", 403], json: ["AccessDeniedException", 400] },
  expired: { query: ["ExpiredToken", 403], ec2: ["RequestExpired", 400], json: ["ExpiredTokenException", 400] },
};
const AWS_MESSAGES: Readonly<Record<string, string>> = {
  throttling: "Rate exceeded",
  internal: "An internal error has occurred",
  unavailable: "The service is unavailable. Please try again shortly.",
  denied: "You are not authorized to perform this operation.",
  expired: "The security token included in the request is expired",
};

/** An error of a Kubernetes API server: a Status object. */
export function kubeStatus(
  { code, reason, message, retry_after }: Extract<HttpFault, { type: "kube_status" }>,
  facts: RequestFacts,
): MadeAnswer {
  const said = message === "" ? `${facts.kube?.verb ?? facts.method} was refused by the fault proxy` : message;
  const body = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: said,
    reason: reason === "" ? (REASONS[code] ?? "Unknown") : reason,
    ...(retry_after > 0 ? { details: { retryAfterSeconds: retry_after } } : {}),
    code,
  };
  return {
    status: code,
    headers: { "content-type": "application/json", ...(retry_after > 0 ? { "retry-after": String(retry_after) } : {}) },
    body: `${JSON.stringify(body)}\n`,
  };
}

/** An error of AWS in the protocol that was spoken: EC2's XML, that of the Query protocol, or JSON. `code` is one of the words above, or AWS's own. */
export function awsError({ code, status, message }: Extract<HttpFault, { type: "aws_error" }>, facts: RequestFacts): MadeAnswer {
  const protocol = facts.aws?.protocol ?? "query";
  const [ownCode, usualStatus] = AWS_CODES[code]?.[protocol] ?? [code, 400];
  const said = message === "" ? (AWS_MESSAGES[code] ?? ownCode) : message;
  const answered = status === 0 ? usualStatus : status;
  const id = randomUUID();
  if (protocol === "json")
    return {
      status: answered,
      headers: { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": id, "x-amzn-errortype": ownCode },
      body: JSON.stringify({ __type: ownCode, message: said }),
    };
  const error = `<Code>${escapeXml(ownCode)}</Code><Message>${escapeXml(said)}</Message>`;
  const body =
    protocol === "ec2"
      ? `<Response><Errors><Error>${error}</Error></Errors><RequestID>${id}</RequestID></Response>`
      : `<ErrorResponse><Error><Type>${answered < 500 ? "Sender" : "Receiver"}</Type>${error}</Error><RequestId>${id}</RequestId></ErrorResponse>`;
  return {
    status: answered,
    headers: { "content-type": "text/xml", "x-amzn-requestid": id },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
  };
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
