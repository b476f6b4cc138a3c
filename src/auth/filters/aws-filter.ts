import { AppError } from "../../kernel/index.ts";
import {
  type CallArguments,
  type FilterContext,
  type FilterSpec,
  type Parameter,
  defineFilter,
  getHeader,
  sameName,
} from "../../route/index.ts";
import { awsTime, canonicalPath, canonicalQuery, encodedTwice, sha256, signAws } from "../aws-signature.ts";

const NAME = "awsSigv4";
/** Fields in which filters before this one leave who signs. They are not sent. */
const GIVEN = {
  accessKeyId: "x-amz-accesskey",
  secretAccessKey: "x-amz-secret",
  sessionToken: "x-amz-session",
  time: "x-amz-time",
} as const;
/** Fields that are signed beside Host and X-Amz-…: what is added or changed on the way must not break the signature. */
const SIGNED = ["content-type", "content-md5"];

interface Signing {
  readonly service: string;
  readonly region: string;
  readonly isPathOnce: boolean;
  readonly hasSession: boolean;
}

async function sign(context: FilterContext, { service, region, isPathOnce, hasSession }: Signing): Promise<void> {
  const { signal, requestHeaders } = context;
  const given = (name: string): string => getHeader(requestHeaders, name) ?? "";
  const [accessKeyId, secretAccessKey, token] = [given(GIVEN.accessKeyId), given(GIVEN.secretAccessKey), given(GIVEN.sessionToken)];
  const atMs = given(GIVEN.time) === "" ? context.nowMs : Date.parse(given(GIVEN.time));
  for (const name of Object.values(GIVEN)) context.dropField("request", name);
  if (accessKeyId === "" || secretAccessKey === "" || (hasSession && token === ""))
    throw new AppError(
      "AUTH_SECRET",
      `a request came to ${NAME} without ${Object.values(GIVEN)
        .slice(0, hasSession ? 3 : 2)
        .join(", ")}`,
    );
  if (Number.isNaN(atMs)) throw new AppError("AUTH_SECRET", `a request came to ${NAME} with ${GIVEN.time} that is no time as in RFC 3339`);
  const body = await context.wholeRequestBody();
  if (signal.aborted) return;
  // The client was told to go on.
  context.dropField("request", "Expect");
  const payloadSha256 = sha256(body);
  const [path, query] = [canonicalPath(context.path), canonicalQuery(context.query)];
  context.setBackendPath(path);
  context.setBackendQuery(query);
  context.setField("request", "Host", `${service}.${region}.amazonaws.com`);
  context.setField("request", "X-Amz-Date", awsTime(atMs));
  context.dropField("request", "X-Amz-Security-Token");
  if (hasSession) context.setField("request", "X-Amz-Security-Token", token);
  // S3 wants to be told; to the others it says nothing.
  if (service === "s3") context.setField("request", "X-Amz-Content-Sha256", payloadSha256);
  const fields = signedFields(context.requestHeaders);
  const request = { method: context.method, path: isPathOnce ? path : encodedTwice(path), query, fields, payloadSha256, atMs };
  const scope = { accessKeyId, secretAccessKey, service, region };
  context.setField("request", "Authorization", signAws(scope, request));
}

function signedFields(headers: readonly string[]): readonly string[] {
  const fields: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const [name, value] = [headers[at] as string, headers[at + 1] as string];
    const isSigned = sameName(name, "host") || SIGNED.some((other) => sameName(name, other)) || name.toLowerCase().startsWith("x-amz-");
    if (isSigned) fields.push(name, value);
  }
  return fields;
}

/** As Go's `strconv.ParseBool`. */
function readBoolean(args: CallArguments, at: number): boolean {
  const text = args.text(at);
  if (/^(?:1|t|T|true|True|TRUE)$/.test(text)) return true;
  if (/^(?:0|f|F|false|False|FALSE)$/.test(text)) return false;
  throw args.refusal('"true" or "false"');
}

const parameters: readonly Parameter[] = [
  { name: "service", type: "text", what: "as its endpoint is called, `dynamodb`" },
  { name: "region", type: "text", what: "as in `us-east-1`" },
  { name: "disableHoisting", type: "text", what: '`"true"` or `"false"`, which is the same: fields stay fields' },
  { name: "disablePathEscaping", type: "text", what: '`"true"` for S3, which signs the path encoded once; `"false"` for the others' },
  {
    name: "disableSessionToken",
    type: "text",
    what: '`"true"` for the keys of a user, `"false"` for those of a role, which have a session token',
  },
];

/** The filter that signs requests to AWS. */
export const awsFilter: FilterSpec = defineFilter({
  name: NAME,
  family: "Who this router is",
  does: "signs the request for a service of AWS (Signature Version 4) with what filters before it left in the fields `x-amz-accesskey`, `x-amz-secret`, `x-amz-session` and `x-amz-time` (RFC 3339; now when left out), which are not sent.",
  parameters,
  deviations: [
    "Without what it needs the request is not sent (503), where Skipper sends it unsigned.",
    "The whole body is held until it has come: up to 4 MiB of it (else 413), 64 MiB in a worker (else 503). A filter that changes it cannot stand before this one, nor one that changes what is signed behind it.",
    "Host is set to `SERVICE.REGION.amazonaws.com`, which is what is signed; beside it Content-Type, Content-MD5 and X-Amz-… are. X-Amz-Content-Sha256 is sent to S3.",
    "Path and query are sent as they are signed: encoded in one way, parameters in order.",
  ],
  create(args) {
    const [service, region] = [args.text(0), args.text(1)];
    if (!LABEL.test(service) || !LABEL.test(region) || REGION.test(service))
      throw args.refusal('a service and then a region, as in "dynamodb", "us-east-1"');
    readBoolean(args, 2);
    const signing: Signing = { service, region, isPathOnce: readBoolean(args, 3), hasSession: !readBoolean(args, 4) };
    return { request: (context) => sign(context, signing) };
  },
});

const LABEL = /^[a-z0-9][a-z0-9.-]{0,62}$/;
const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d$/;
