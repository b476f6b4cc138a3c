import { AppError, type Retry, messageOf } from "../kernel/index.ts";
import type { FailureClass } from "../call/index.ts";

/** What the API server said when it refused: the `Status` object, as far as this project reads it (`meta/v1` Status). */
export interface StatusAnswer {
  readonly httpStatus: number;
  /** `NotFound`, `Conflict`, `AlreadyExists`…; empty when the answer was no Status object. */
  readonly reason: string;
  readonly message: string;
  /** From the Retry-After header or `details.retryAfterSeconds`. */
  readonly retryAfterMs?: number;
}

/** Codes of errors that come from the connection, by Node's error code. */
const SOCKET_CODES: Readonly<Record<string, readonly [code: string, retry: Retry, what: string]>> = {
  ECONNREFUSED: ["KUBE_REFUSED", "safe", "connection refused"],
  ENOTFOUND: ["KUBE_DNS", "safe", "host name not found"],
  EAI_AGAIN: ["KUBE_DNS", "safe", "name server does not answer"],
  EHOSTUNREACH: ["KUBE_UNREACHABLE", "safe", "host unreachable"],
  ENETUNREACH: ["KUBE_UNREACHABLE", "safe", "network unreachable"],
  EACCES: ["KUBE_UNREACHABLE", "safe", "network route prohibited"],
  EINVAL: ["KUBE_UNREACHABLE", "safe", "network route is a black hole"],
  EMFILE: ["KUBE_NO_SOCKET", "safe", "this process may open no more files (ulimit -n)"],
  ENFILE: ["KUBE_NO_SOCKET", "safe", "this machine may open no more files"],
  EADDRNOTAVAIL: ["KUBE_NO_SOCKET", "safe", "no local port is left"],
  ETIMEDOUT: ["KUBE_TIMEOUT_CONNECT", "safe", "connect timed out"],
  UND_ERR_CONNECT_TIMEOUT: ["KUBE_TIMEOUT_CONNECT", "safe", "connect timed out"],
  ECONNRESET: ["KUBE_RESET", "idempotent", "connection reset"],
  EPIPE: ["KUBE_RESET", "idempotent", "connection reset"],
  UND_ERR_SOCKET: ["KUBE_RESET", "idempotent", "connection closed before the answer"],
  UND_ERR_HEADERS_OVERFLOW: ["KUBE_HTTP", "never", "answer head too large"],
};

/** An error of the connection before the answer's head was there. */
export function connectionError(thrown: unknown, where: string): AppError {
  const cause = innermost(thrown);
  const code = codeOf(cause) ?? codeOf(thrown) ?? "";
  const known = SOCKET_CODES[code];
  if (known !== undefined) return new AppError(known[0], `${where}: ${known[2]}`, { retry: known[1], cause: thrown });
  if (cause instanceof Error && cause.name === "HTTPParserError") {
    return new AppError("KUBE_HTTP", `${where}: the answer is not HTTP/1.1`, { retry: "idempotent", cause: thrown });
  }
  if (isTlsCode(code)) {
    return new AppError(
      "KUBE_TLS",
      `${where}: TLS failed (${code}): ${messageOf(cause)}; check the CA, the host name and the client certificate`,
      { cause: thrown },
    );
  }
  return new AppError("KUBE_RESET", `${where}: ${messageOf(cause)}`, { retry: "idempotent", cause: thrown });
}

/** The error for an answer whose status is not 2xx. `status` is undefined when the body was no Status object. */
export function statusError(answer: StatusAnswer, where: string): AppError {
  const text =
    answer.reason === "" ? `HTTP ${answer.httpStatus}, and no Status object` : `${answer.httpStatus} ${answer.reason}: ${answer.message}`;
  const make = (code: string, retry: Retry, hint = ""): AppError =>
    new AppError(code, `${where}: ${text}${hint}`, { retry, cause: answer });
  const proved = answer.reason !== "";
  switch (answer.httpStatus) {
    case 401:
      return make("KUBE_UNAUTHORIZED", "never", "; the token or client certificate is missing, wrong or expired");
    case 403:
      return make("KUBE_FORBIDDEN", "never", "; grant this verb on this resource (RBAC)");
    case 404:
      // Only a Status object proves that the API server looked for the object; "404 page not found" is said of paths.
      return proved ? make("KUBE_NOT_FOUND", "never") : make("KUBE_NO_SUCH_PATH", "never");
    case 409:
      return answer.reason === "AlreadyExists" ? make("KUBE_ALREADY_EXISTS", "never") : make("KUBE_CONFLICT", "never");
    case 410:
      return make("KUBE_EXPIRED", "never");
    case 422:
      return make("KUBE_INVALID", "never");
    case 429:
      return make("KUBE_THROTTLED", "safe");
    default:
      if (answer.httpStatus >= 500) return make("KUBE_SERVER", "idempotent");
      if (answer.httpStatus >= 400) return make("KUBE_BAD_REQUEST", "never");
      return make("KUBE_UNEXPECTED_STATUS", "never");
  }
}

/** What the API server said, when `error` came from its answer. */
export function statusOf(error: unknown): StatusAnswer | undefined {
  const cause: unknown = error instanceof AppError ? error.cause : undefined;
  return typeof cause === "object" && cause !== null && "httpStatus" in cause ? (cause as StatusAnswer) : undefined;
}

/** How the caller's guards see an error of this area: throttling says when to come back and is no fault of the server. */
export function classifyKubeError(error: AppError): FailureClass {
  const retryAfterMs = statusOf(error)?.retryAfterMs;
  const serverFault = SERVER_FAULTS.has(error.code);
  return { retry: error.retry, serverFault, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

const SERVER_FAULTS: ReadonlySet<string> = new Set([
  "KUBE_REFUSED",
  "KUBE_DNS",
  "KUBE_UNREACHABLE",
  "KUBE_TIMEOUT_CONNECT",
  "KUBE_TIMEOUT_HEAD",
  "KUBE_TIMEOUT_BODY",
  "KUBE_RESET",
  "KUBE_TRUNCATED",
  "KUBE_NOT_JSON",
  "KUBE_WRONG_KIND",
  "KUBE_HTTP",
  "KUBE_SERVER",
  "CALL_DEADLINE",
  "CALL_IMPLAUSIBLE",
]);

function innermost(thrown: unknown): unknown {
  let at: unknown = thrown;
  for (let depth = 0; depth < 5; depth++) {
    if (at instanceof AggregateError && at.errors.length > 0) at = at.errors[0];
    else if (at instanceof Error && at.cause instanceof Error) at = at.cause;
    else break;
  }
  return at;
}

function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}

function isTlsCode(code: string): boolean {
  return code.startsWith("ERR_TLS") || code.startsWith("ERR_SSL") || code === "EPROTO" || /CERT|SIGNATURE|ISSUER|CRL/.test(code);
}
