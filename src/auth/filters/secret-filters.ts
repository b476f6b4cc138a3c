import { AppError } from "../../kernel/index.ts";
import { type CallArguments, type FilterSpec, defineFilter, fieldName, isHost, setField } from "../../route/index.ts";
import { decidingFilter } from "../filter-kit.ts";
import type { AuthRuntime } from "../runtime.ts";

const FAMILY = "Who this router is";
const DEVIATIONS = [
  "The file must be one of `--credentials-paths`, or below one. Without it 503: nothing goes on with what the client sent.",
];
const file = { name: "file", type: "text", what: "absolute path of the secret; looked at every 2 s" } as const;

interface Written {
  readonly field: string;
  readonly path: string;
  readonly prefix: string;
  readonly suffix: string;
}

function secretWriter(name: string, runtime: AuthRuntime | undefined, args: CallArguments, { field, path, prefix, suffix }: Written) {
  if (!path.startsWith("/") || path.includes("\0")) throw args.refusal("the absolute path of a file");
  if (!/^[\x20-\x7e]*$/.test(prefix + suffix)) throw args.refusal("a prefix and suffix that can stand in a field");
  const secret = runtime?.secret(path);
  return decidingFilter(name, runtime, (context) => {
    const content = secret?.content;
    if (content === undefined) return Promise.reject(new AppError("AUTH_SECRET", `${path} can not be used`));
    setField(context, "request", field, `${prefix}${content}${suffix}`);
    return undefined;
  });
}

/** Filters that show back ends who this router is. */
export function secretFilters(runtime: AuthRuntime | undefined): readonly FilterSpec[] {
  return [
    defineFilter({
      name: "bearerinjector",
      family: FAMILY,
      does: "sets Authorization to a bearer token that a file has.",
      parameters: [file],
      deviations: DEVIATIONS,
      create: (args) =>
        secretWriter("bearerinjector", runtime, args, { field: "Authorization", path: args.text(0), prefix: "Bearer ", suffix: "" }),
    }),
    defineFilter({
      name: "setRequestHeaderFromSecret",
      family: FAMILY,
      does: "sets a field of the request to a secret that a file has.",
      parameters: [
        { name: "field", type: "text", what: "name of the field" },
        file,
        { name: "prefix", type: "text", what: "before the secret", occurs: "optional" },
        { name: "suffix", type: "text", what: "behind it", occurs: "optional" },
      ],
      deviations: DEVIATIONS,
      create(args) {
        const field = fieldName(args);
        if (isHost(field)) throw args.refusal("another field than Host");
        const [prefix, suffix] = [args.optionalText(2) ?? "", args.optionalText(3) ?? ""];
        return secretWriter("setRequestHeaderFromSecret", runtime, args, { field, path: args.text(1), prefix, suffix });
      },
    }),
  ];
}
