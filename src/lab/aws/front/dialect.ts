import { AwsError } from "../wire/aws-error.ts";
import { readJsonInput, writeJsonOutput } from "../wire/json-wire.ts";
import { type Fields, readQueryInput } from "../wire/query-input.ts";
import type { Operation, ServiceModel } from "../wire/service-model.ts";
import { writeXmlError, writeXmlOutput } from "../wire/xml-output.ts";

/** What is sent back. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Which action a request names and what it says, before anything is checked. */
export interface WireRequest {
  readonly action: string;
  readInput(operation: Operation): Fields;
}

/** Reads a request as its service's protocol has it. Throws AwsError where it names no action. */
export function readRequest(model: ServiceModel, headers: ReadonlyMap<string, string>, target: string, body: string): WireRequest {
  if (model.protocol === "json") {
    const [prefix, action = ""] = (headers.get("x-amz-target") ?? "").split(".");
    if (prefix !== model.targetPrefix) throw new AwsError("UnknownOperationException", "");
    return { action, readInput: ({ input }) => (input === undefined ? {} : readJsonInput(model, input, body)) };
  }
  const question = target.indexOf("?");
  const parameters = new URLSearchParams(body === "" && question >= 0 ? target.slice(question + 1) : body);
  const action = parameters.get("Action");
  if (action === null) throw new AwsError("MissingAction", "The request must contain the parameter Action");
  const version = parameters.get("Version");
  if (version !== model.apiVersion)
    throw new AwsError("InvalidAction", `Could not find operation ${action} for version ${version ?? "NO_VERSION_SPECIFIED"}`);
  return { action, readInput: ({ input }) => (input === undefined ? {} : readQueryInput(model, input, parameters)) };
}

export function answerOf(model: ServiceModel, action: string, operation: Operation, output: Fields, requestId: string): WireAnswer {
  if (model.protocol === "json")
    return { status: 200, headers: jsonHeaders(model, requestId), body: writeJsonOutput(model, operation.output, output) };
  return { status: 200, headers: xmlHeaders(requestId), body: writeXmlOutput(model, action, operation, output, requestId) };
}

export function errorAnswerOf(model: ServiceModel, error: AwsError, requestId: string): WireAnswer {
  const { message } = error;
  const code = CODES[model.protocol][error.code] ?? error.code;
  const status = (model.protocol === "ec2" ? EC2_STATUS[code] : undefined) ?? error.status;
  if (model.protocol === "json")
    return {
      status: status === 403 ? 400 : status,
      headers: jsonHeaders(model, requestId),
      body: JSON.stringify({ __type: code, message }),
    };
  const said = new AwsError(code, message, status);
  return { status, headers: xmlHeaders(requestId), body: writeXmlError(model, said, requestId) };
}

/** What services call the errors of signatures and limits, where that is not what the Query protocol calls them. */
const CODES: Readonly<Record<ServiceModel["protocol"], Readonly<Record<string, string>>>> = {
  query: {},
  ec2: {
    InvalidClientTokenId: "AuthFailure",
    SignatureDoesNotMatch: "AuthFailure",
    ExpiredToken: "RequestExpired",
    Throttling: "RequestLimitExceeded",
    AccessDenied: "UnauthorizedOperation",
  },
  json: {
    InvalidClientTokenId: "UnrecognizedClientException",
    SignatureDoesNotMatch: "InvalidSignatureException",
    IncompleteSignature: "IncompleteSignatureException",
    MissingAuthenticationToken: "MissingAuthenticationTokenException",
    ExpiredToken: "ExpiredTokenException",
    Throttling: "ThrottlingException",
    AccessDenied: "AccessDeniedException",
    InvalidAction: "UnknownOperationException",
  },
};

/** Where EC2 answers another status than the others do. */
const EC2_STATUS: Readonly<Record<string, number>> = { AuthFailure: 401, RequestLimitExceeded: 503 };

function xmlHeaders(requestId: string): Record<string, string> {
  return { "content-type": "text/xml", "x-amzn-requestid": requestId };
}

function jsonHeaders({ jsonVersion }: ServiceModel, requestId: string): Record<string, string> {
  return { "content-type": `application/x-amz-json-${jsonVersion}`, "x-amzn-requestid": requestId };
}
