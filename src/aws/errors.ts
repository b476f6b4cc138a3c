import { AppError, type Retry, messageOf } from "../kernel/index.ts";

/**
 * What AWS's own codes mean to us, first match counts. Its codes are many and differ by service for the same thing; branching is done on ours,
 * the message keeps AWS's.
 */
const MEANINGS: readonly { readonly awsCode: RegExp; readonly code: string; readonly retry: Retry }[] = [
  { awsCode: /throttl|RequestLimitExceeded|TooManyRequests|PriorRequestNotComplete|SlowDown/i, code: "AWS_THROTTLED", retry: "safe" },
  { awsCode: /^(ExpiredToken|RequestExpired|ExpiredTokenException)/, code: "AWS_CREDENTIALS", retry: "safe" },
  {
    awsCode:
      /InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|AuthFailure|InvalidSignature|MissingAuthenticationToken|CredentialsProviderError|IncompleteSignature/,
    code: "AWS_CREDENTIALS",
    retry: "never",
  },
  { awsCode: /AccessDenied|UnauthorizedOperation|^NotAuthorized|OptInRequired/, code: "AWS_DENIED", retry: "never" },
  { awsCode: /NotFound|NoSuchEntity|NonexistentItem/, code: "AWS_NOT_FOUND", retry: "never" },
  { awsCode: /Duplicate|AlreadyExists|PriorityInUse/, code: "AWS_EXISTS", retry: "never" },
  { awsCode: /ResourceInUse|DependencyViolation|ScalingActivityInProgress/, code: "AWS_IN_USE", retry: "never" },
  { awsCode: /^TooMany|LimitExceeded|LimitsExceeded|AssociationLimit/, code: "AWS_QUOTA", retry: "never" },
  { awsCode: /^OperationNotPermitted/, code: "AWS_PROTECTED", retry: "never" },
  {
    awsCode:
      /HealthUnavailable|InternalFailure|InternalError|ServiceUnavailable|Unavailable|InsufficientCapacity|ResourceContention|^WAFInternalError/,
    code: "AWS_UNAVAILABLE",
    retry: "idempotent",
  },
];

/** What a call of the SDK threw, as ours. `what` says which call: `DescribeLoadBalancers`. */
export function awsError(thrown: unknown, what: string): AppError {
  if (thrown instanceof AppError) return thrown;
  const { name, status } = partsOf(thrown);
  const said = `${what}: ${name}: ${messageOf(thrown)}`;
  if (isMistake(thrown)) {
    if (Object.hasOwn(thrown, "$response")) return new AppError("AWS_UNREADABLE", said, { retry: "idempotent", cause: thrown });
    return new AppError("AWS_MISTAKE", `${said}; this program fails on it, please report it`, { cause: thrown });
  }
  if (messageOf(thrown).startsWith("Region is missing"))
    return new AppError("AWS_NO_REGION", "no region of AWS is known: set --region or AWS_REGION", { cause: thrown });
  const meaning = MEANINGS.find(({ awsCode }) => awsCode.test(name));
  if (meaning !== undefined) return new AppError(meaning.code, said, { retry: meaning.retry, cause: thrown });
  if (status === undefined || status >= 500) return new AppError("AWS_UNAVAILABLE", said, { retry: "idempotent", cause: thrown });
  return new AppError("AWS_REFUSED", said, { cause: thrown });
}

/**
 * Errors of JavaScript itself come from this program, or from the SDK's where it met an answer that it cannot read: then it puts that into `$response`. Node's
 * own have a code (`ERR_INVALID_CHAR`).
 */
function isMistake(thrown: unknown): thrown is Error {
  const isOfLanguage = thrown instanceof TypeError || thrown instanceof RangeError || thrown instanceof ReferenceError;
  return isOfLanguage && !Object.hasOwn(thrown, "code");
}

function partsOf(thrown: unknown): { readonly name: string; readonly status: number | undefined } {
  const { name, $metadata } = thrown as { readonly name?: unknown; readonly $metadata?: { readonly httpStatusCode?: number } };
  return { name: typeof name === "string" ? name : "Error", status: $metadata?.httpStatusCode };
}
