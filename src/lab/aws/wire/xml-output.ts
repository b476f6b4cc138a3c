import type { AwsError } from "./aws-error.ts";
import type { Fields } from "./query-input.ts";
import { writeScalar } from "./scalars.ts";
import type { Member, Operation, ServiceModel, Shape } from "./service-model.ts";

/** The answer to an action in the Query protocols (Smithy: AWS query protocol, Amazon EC2 query protocol). */
export function writeXmlOutput(model: ServiceModel, action: string, operation: Operation, output: Fields, requestId: string): string {
  const body = operation.output === undefined ? "" : structure(model, model.shape(operation.output), output);
  if (model.protocol === "ec2")
    return `<${action}Response xmlns="${model.xmlNamespace}">${element("requestId", requestId)}${body}</${action}Response>`;
  const result = operation.wrapper === undefined ? body : element(operation.wrapper, body, "markup");
  const metadata = `<ResponseMetadata>${element("RequestId", requestId)}</ResponseMetadata>`;
  return `<${action}Response xmlns="${model.xmlNamespace}">${result}${metadata}</${action}Response>`;
}

export function writeXmlError(model: ServiceModel, { code, message, status }: AwsError, requestId: string): string {
  const said = `${element("Code", code)}${element("Message", message)}`;
  if (model.protocol === "ec2") return `<Response><Errors><Error>${said}</Error></Errors>${element("RequestID", requestId)}</Response>`;
  const type = element("Type", status < 500 ? "Sender" : "Receiver");
  return `<ErrorResponse xmlns="${model.xmlNamespace}"><Error>${type}${said}</Error>${element("RequestId", requestId)}</ErrorResponse>`;
}

function structure(model: ServiceModel, shape: Shape, value: Fields): string {
  let text = "";
  for (const [name, member] of Object.entries(shape.members ?? {})) {
    const held = value[name];
    if (held !== undefined) text += field(model, member.locationName ?? name, member, held);
  }
  return text;
}

function field(model: ServiceModel, name: string, member: Member, value: unknown): string {
  const shape = model.shape(member.shape);
  if (shape.type === "structure") return element(name, structure(model, shape, value as Fields), "markup");
  if (shape.type === "list" && shape.member !== undefined) {
    const { member: entry } = shape;
    const isFlat = shape.flattened === true || member.flattened === true;
    const entryName = isFlat ? name : (entry.locationName ?? "member");
    const entries = (value as readonly unknown[]).map((one) => field(model, entryName, entry, one)).join("");
    return isFlat ? entries : element(name, entries, "markup");
  }
  if (shape.type === "map" && shape.key !== undefined && shape.value !== undefined) {
    const { key, value: below } = shape;
    const entries = Object.entries(value as Fields).map(
      ([at, held]) => `<entry>${element(key.locationName ?? "key", at)}${field(model, below.locationName ?? "value", below, held)}</entry>`,
    );
    return element(name, entries.join(""), "markup");
  }
  return element(name, writeScalar(value));
}

function element(name: string, content: string, kind: "text" | "markup" = "text"): string {
  return `<${name}>${kind === "markup" ? content : escapeXml(content)}</${name}>`;
}

function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll(UNPRINTABLE, (character) => `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`);
}

/** A reader of XML takes a bare CR for an LF, and stops at the others. */
// oxlint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f]/g;
