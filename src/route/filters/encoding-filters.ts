import type { CallArguments } from "../arguments.ts";
import { type Filter, type FilterSpec, type MessageSide, defineFilter } from "../filter.ts";
import { getHeader } from "../header-list.ts";
import { type Charset, charsetNames, findCharset } from "./charsets.ts";
import { fieldName, fieldsOf, onSide, setField } from "./fields.ts";

type Convert = (text: string) => string | undefined;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
// Field values are bytes, one character each.
const encodeBase64: Convert = (text) => Buffer.from(text, "latin1").toString("base64");
const decodeBase64: Convert = (text) => (BASE64.test(text) ? Buffer.from(text, "base64").toString("latin1") : undefined);

/** Converts a field's value, or one of its parts; what cannot be converted stays. */
function converter(args: CallArguments, side: MessageSide, convert: Convert): Filter {
  const field = fieldName(args);
  const part = args.length === 1 ? undefined : Math.trunc(args.number(1));
  return onSide(side, (context) => {
    const value = getHeader(fieldsOf(context, side), field) ?? "";
    const converted = value === "" ? undefined : part === undefined ? convert(value) : convertPart(value, part, convert);
    if (converted !== undefined) setField(context, side, field, converted);
  });
}

function convertPart(value: string, index: number, convert: Convert): string | undefined {
  const parts = value.split(/[ \t]+/).filter((part) => part !== "");
  const part = parts[index];
  const converted = part === undefined ? undefined : convert(part);
  return converted === undefined ? undefined : parts.with(index, converted).join(" ");
}

function reencoder(args: CallArguments, side: MessageSide): Filter {
  const field = fieldName(args);
  let charset: Charset | undefined;
  if ((charset = findCharset(args.text(1))) === undefined) throw args.refusal(`one of ${charsetNames.join(", ")}`);
  const known = charset;
  return onSide(side, (context) => {
    const value = getHeader(fieldsOf(context, side), field) ?? "";
    if (value !== "") setField(context, side, field, known.encode(Buffer.from(value, "latin1").toString("utf8")) ?? "");
  });
}

const name = { name: "name", type: "text", what: "of the field" } as const;
const part = {
  name: "index",
  type: "number",
  what: "which of the parts that spaces separate, from 0; left out: the whole value",
  occurs: "optional",
  range: [0, 1000],
} as const;

const base64Filters = (["Request", "Response"] as const).flatMap((direction): readonly FilterSpec[] => {
  const side: MessageSide = direction === "Request" ? "request" : "response";
  const family = `Fields of the ${side}`;
  return [
    defineFilter({
      name: `encodeBase64${direction}Header`,
      family,
      does: `encodes the value of a field of the ${side} as base64.`,
      parameters: [name, part],
      create: (args) => converter(args, side, encodeBase64),
    }),
    defineFilter({
      name: `decodeBase64${direction}Header`,
      family,
      does: `decodes the value of a field of the ${side} from base64; what is not base64 stays.`,
      parameters: [name, part],
      deviations: ["A decoded value that no field can have, such as one with a line end, is not written; Skipper writes it."],
      create: (args) => converter(args, side, decodeBase64),
    }),
    defineFilter({
      name: `encode${direction}Header`,
      family,
      does: `writes the value of a field of the ${side}, which is UTF-8, in another character set; empty when that has not all its characters.`,
      parameters: [name, { name: "charset", type: "text", what: "as the Go package charmap calls it, as in `Windows1252`" }],
      create: (args) => reencoder(args, side),
    }),
  ];
});

/** Filters that write a value in another form. */
export const encodingFilters: readonly FilterSpec[] = base64Filters;
