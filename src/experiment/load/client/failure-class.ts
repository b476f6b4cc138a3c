/**
 * How a request can fail, by the phase it failed in. `local`: no address, port or file descriptor left on this machine. `cut`: the connection
 * ended. `wrong-answer`: a field or the body is not what was expected. `not-sent`: no connection became free in time.
 */
export const FAILURE_CLASSES = [
  "not-sent",
  "local",
  "connect-refused",
  "connect-timeout",
  "connect-failed",
  "tls",
  "headers-timeout",
  "headers-cut",
  "body-timeout",
  "body-cut",
  "malformed",
  "status-3xx",
  "status-4xx",
  "status-5xx",
  "status-other",
  "wrong-answer",
] as const;

export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** Index of a class: what counters are kept by. */
export const Failure = Object.fromEntries(FAILURE_CLASSES.map((name, index) => [name, index])) as Readonly<Record<FailureClass, number>>;

/** Instead of a class: the answer was right. */
export const RIGHT = -1;

/** The class of an answer whose status was not expected. */
export function failureOfStatus(status: number): number {
  if (status >= 500) return Failure["status-5xx"];
  if (status >= 400) return Failure["status-4xx"];
  return status >= 300 ? Failure["status-3xx"] : Failure["status-other"];
}

/** The class of an error on a connection that was never open. */
export function failureOfConnecting(code: string, isTls: boolean): number {
  switch (code) {
    case "ECONNREFUSED":
      return Failure["connect-refused"];
    case "ETIMEDOUT":
      return Failure["connect-timeout"];
    case "EADDRNOTAVAIL":
    case "EMFILE":
    case "ENFILE":
    case "ENOBUFS":
    case "ENOMEM":
    case "EAGAIN":
      return Failure.local;
    default:
      return isTls ? Failure.tls : Failure["connect-failed"];
  }
}
