import { HttpResponse } from "@smithy/core/protocols";
import { NodeHttpHandler, type NodeHttpHandlerOptions } from "@smithy/node-http-handler";
import { AppError, isRecord } from "../kernel/index.ts";
import { isRead } from "./governor.ts";
import { type Guard, guardedAgents } from "./guarded-agents.ts";

type Request = Parameters<NodeHttpHandler["handle"]>[0];
type Options = Parameters<NodeHttpHandler["handle"]>[1];

/** More than any answer that is asked for; what is longer is no answer of AWS. */
const LONGEST_ANSWER_BYTES = 32 * 1_048_576;

/**
 * A handler for clients of the SDK that lets no answer pass which is not one. The SDK takes a 200 with an empty body, a page of HTML, or the
 * answer to another action for an answer without fields, and with it for "there is nothing" (measured with 3.1142; shared/reference/aws.md §6).
 */
export class StrictHandler extends NodeHttpHandler {
  readonly #guard: Guard | undefined;

  /** `guard` is asked before every write and every new connection; what it throws is what the call rejects with. */
  constructor(options: NodeHttpHandlerOptions, guard?: Guard) {
    // Without throwOnRequestTimeout it only warns, and waits.
    super({ ...options, ...(guard === undefined ? {} : guardedAgents(guard)), throwOnRequestTimeout: true });
    this.#guard = guard;
  }

  override async handle(request: Request, options?: Options): ReturnType<NodeHttpHandler["handle"]> {
    if (!isRead(actionOf(request).name)) this.#guard?.();
    const { response } = await super.handle(request, options);
    const { statusCode, headers } = response;
    const body = await bytesOf(response.body as AsyncIterable<Uint8Array> | Uint8Array | undefined);
    const isDone = statusCode >= 200 && statusCode < 300;
    const doubt = (isDone ? doubtOf : doubtOfError)(actionOf(request), body.toString("utf8"), headers);
    if (doubt !== undefined)
      throw new AppError("AWS_UNREADABLE", `the answer of ${request.hostname}, ${statusCode}, is none: ${doubt}`, { retry: "idempotent" });
    return { response: new HttpResponse({ statusCode, headers, body }) };
  }
}

/** The action that a request names; undefined where it cannot be told, which no service that we use does. */
function actionOf({ headers, body }: Request): { readonly name: string; readonly isXml: boolean } {
  const target = headers["x-amz-target"];
  if (target !== undefined) return { name: target.slice(target.lastIndexOf(".") + 1), isXml: false };
  return { name: /(?:^|&)Action=([A-Za-z0-9]+)/.exec(String(body))?.[1] ?? "", isXml: true };
}

/** Why an answer cannot be one to this action; undefined when it can. */
function doubtOf(
  { name, isXml }: ReturnType<typeof actionOf>,
  body: string,
  headers: Readonly<Record<string, string>>,
): string | undefined {
  if (!isXml && headers["x-amzn-requestid"] === undefined) return "it has no request id";
  if (body.trim() === "") {
    // The services that speak JSON say no more of what they did (API reference of AssociateWebACL).
    return isXml || isRead(name) ? "it is empty" : undefined;
  }
  if (!isXml) return jsonIn(body) === undefined ? "it is no object of JSON" : undefined;
  const text = body.replace(/^\s*<\?xml[^>]*\?>/, "").trim();
  const root = /^<([A-Za-z0-9]+)[\s>]/.exec(text)?.[1];
  if (root !== `${name}Response`) return `it begins with ${JSON.stringify(text.slice(0, 40))} and not with <${name}Response`;
  if (!text.endsWith(`</${name}Response>`)) return "it ends before its end";
  // EC2 has it in the body alone.
  return headers["x-amzn-requestid"] === undefined && !/<requestId>[^<]/i.test(text) ? "it has no request id" : undefined;
}

/**
 * Why an answer cannot be an error of AWS; undefined when it can. Of what has no code the SDK makes one by its status: the 404 of a proxy
 * becomes `NotFound`, as if AWS had said that the thing that was asked for is gone.
 */
function doubtOfError({ isXml }: ReturnType<typeof actionOf>, body: string, headers: Readonly<Record<string, string>>): string | undefined {
  if (isXml) {
    const isError = /^\s*(?:<\?xml[^>]*\?>\s*)?<(?:ErrorResponse|Response)[\s>]/.test(body) && /<Code>[^<]+<\/Code>/.test(body);
    return isError ? undefined : `it is no error of AWS, but begins with ${JSON.stringify(body.slice(0, 40))}`;
  }
  const hasCode = headers["x-amzn-errortype"] !== undefined || typeof jsonIn(body)?.["__type"] === "string";
  return hasCode ? undefined : `it has no code of AWS, but begins with ${JSON.stringify(body.slice(0, 40))}`;
}

function jsonIn(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function bytesOf(body: AsyncIterable<Uint8Array> | Uint8Array | undefined): Promise<Buffer> {
  if (body === undefined) return Buffer.alloc(0);
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > LONGEST_ANSWER_BYTES) throw new AppError("AWS_UNREADABLE", `an answer has more than ${LONGEST_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
