import type { CallArguments } from "../arguments.ts";
import type { CallDocumentation } from "../call-documentation.ts";
import { type Filter, type FilterContext, type FilterSpec, type MessageSide, defineFilter } from "../filter.ts";
import { findHeader, getHeader } from "../header-list.ts";
import { skipperPage } from "../predicate.ts";
import { compileTemplate } from "../template.ts";
import { addField, fieldName, fieldsOf, isHost, onSide, setField } from "./fields.ts";

type Write = (context: FilterContext, side: MessageSide, name: string, value: string) => void;

const name = { name: "name", type: "text", what: "of the field" } as const;
const SAFETY =
  "A value that no field can have is not written, and Content-Length, Transfer-Encoding, Connection and what else frames a message cannot be named. Skipper writes what it is told.";

function writer(args: CallArguments, side: MessageSide, write: Write): Filter {
  const field = fieldName(args);
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(args.text(1))) throw args.refusal("a value of printable characters");
  const template = compileTemplate(args.text(1), "field");
  return onSide(side, (context) => {
    const value = template.apply(context);
    if (value !== undefined) write(context, side, field, value);
  });
}

function dropper(args: CallArguments, side: MessageSide): Filter {
  const field = fieldName(args);
  return side === "request" && isHost(field) ? {} : onSide(side, (context) => context.dropField(side, field));
}

function valueDropper(args: CallArguments, side: MessageSide): Filter {
  const [field, regexp] = [fieldName(args), args.expression(1)];
  if (side === "request" && isHost(field)) return {};
  return onSide(side, (context) => {
    const list = fieldsOf(context, side);
    for (let at = findHeader(list, field); at >= 0; at = findHeader(list, field, at)) {
      if (regexp.test(list[at + 1] as string)) list.splice(at, 2);
      else at += 2;
    }
  });
}

function changer(args: CallArguments, side: MessageSide): Filter {
  const [field, regexp, replacement] = [fieldName(args), args.expression(1), args.text(2)];
  return onSide(side, (context) => {
    const value = getHeader(fieldsOf(context, side), field);
    if (value !== undefined) setField(context, side, field, regexp.replaceAll(value, replacement));
  });
}

function copier(args: CallArguments, side: MessageSide): Filter {
  const [from, to] = [fieldName(args, 0), fieldName(args, 1)];
  return onSide(side, (context) => {
    const value = getHeader(fieldsOf(context, side), from) ?? "";
    if (value !== "") addField(context, side, to, value);
  });
}

function contextWriter(args: CallArguments, side: MessageSide, write: Write): Filter {
  const [field, key] = [fieldName(args), args.text(1)];
  return onSide(side, (context) => {
    const value = context.state.get(key);
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") write(context, side, field, String(value));
  });
}

type Described = Pick<CallDocumentation, "does" | "parameters"> & Partial<Pick<CallDocumentation, "deviations">>;

/** The same filter for either message. */
function onBothSides(
  names: Readonly<Record<MessageSide, string>>,
  create: (args: CallArguments, side: MessageSide) => Filter,
  describe: (side: MessageSide) => Described,
  source?: Readonly<Record<MessageSide, string>>,
): readonly FilterSpec[] {
  return (["request", "response"] as const).map((side) =>
    defineFilter({
      name: names[side],
      family: side === "request" ? "Fields of the request" : "Fields of the response",
      create: (args) => create(args, side),
      ...describe(side),
      ...(source === undefined ? {} : { source: skipperPage("filters", source[side]) }),
    }),
  );
}

const value = {
  name: "value",
  type: "template",
  what: "the new value; with a placeholder that has no value the field stays as it is",
  isSecret: "by name",
} as const;
const expression = { name: "expression", type: "expression", what: "on the value, found anywhere in it unless anchored" } as const;

function writerFilters(verb: "set" | "append", write: Write): readonly FilterSpec[] {
  const does = (side: MessageSide): string =>
    verb === "set" ? `sets a field of the ${side}: one line of it is left.` : `adds a line with this field to the ${side}.`;
  return [
    ...onBothSides(
      { request: `${verb}RequestHeader`, response: `${verb}ResponseHeader` },
      (args, side) => writer(args, side, write),
      (side) => ({
        does: does(side),
        parameters: [name, value],
        deviations: verb === "append" && side === "request" ? [SAFETY, "Host is set instead: there must be one."] : [SAFETY],
      }),
    ),
    ...onBothSides(
      { request: `${verb}ContextRequestHeader`, response: `${verb}ContextResponseHeader` },
      (args, side) => contextWriter(args, side, write),
      (side) => ({
        does: `${does(side)} The value is what a filter before it left under this key; without one nothing happens.`,
        parameters: [name, { name: "key", type: "text", what: "as the reference of the filter that leaves it says" }],
      }),
    ),
  ];
}

function dropValueFilters(suffix: "HeaderRegexp" | "HeaderValueRegexp"): readonly FilterSpec[] {
  return onBothSides(
    { request: `dropRequest${suffix}`, response: `dropResponse${suffix}` },
    valueDropper,
    (side) => ({
      does: `removes those lines of a field of the ${side} whose value the expression matches.`,
      parameters: [name, expression],
      deviations: ["It has both names: Skipper's documentation says `…HeaderValueRegexp`, its code `…HeaderRegexp`."],
    }),
    { request: "dropRequestHeaderValueRegexp", response: "dropResponseHeaderValueRegexp" },
  );
}

function copyFilters(names: Readonly<Record<MessageSide, string>>, note: string): readonly FilterSpec[] {
  return onBothSides(
    names,
    copier,
    (side) => ({
      does: `adds a line to the ${side}, with the value of another field of it; without that one nothing happens.${note}`,
      parameters: [
        { name: "from", type: "text", what: "name of the field to read" },
        { name: "to", type: "text", what: "name of the field to write" },
      ],
    }),
    { request: "copyRequestHeader", response: "copyResponseHeader" },
  );
}

/** Filters that write, remove and change field lines. A value with a placeholder that has no value leaves the field as it was. */
export const headerFilters: readonly FilterSpec[] = [
  ...writerFilters("set", setField),
  ...writerFilters("append", addField),
  ...onBothSides(
    { request: "requestHeader", response: "responseHeader" },
    (args, side) => writer(args, side, addField),
    (side) => ({
      does: `adds a line with this field to the ${side}. A name that Skipper has deprecated.`,
      parameters: [name, value],
      deviations: [SAFETY],
    }),
    { request: "appendRequestHeader", response: "appendResponseHeader" },
  ),
  ...onBothSides({ request: "dropRequestHeader", response: "dropResponseHeader" }, dropper, (side) => ({
    does: `removes a field of the ${side}.`,
    parameters: [name],
    ...(side === "request" ? { deviations: ["Host stays: there must be one."] } : {}),
  })),
  ...dropValueFilters("HeaderRegexp"),
  ...dropValueFilters("HeaderValueRegexp"),
  ...onBothSides({ request: "modRequestHeader", response: "modResponseHeader" }, changer, (side) => ({
    does: `replaces every match in the value of a field of the ${side}; of several lines one is left, made of the first.`,
    parameters: [
      name,
      expression,
      { name: "replacement", type: "text", what: "`$1`, `${1}` and `${name}` stand for groups of the expression", isSecret: "by name" },
    ],
    deviations: [SAFETY],
  })),
  ...copyFilters({ request: "copyRequestHeader", response: "copyResponseHeader" }, ""),
  ...copyFilters({ request: "requestCopyHeader", response: "responseCopyHeader" }, " A name that Skipper has deprecated."),
];
