import { type FilterSpec, defineFilter, fieldName, isHost } from "../../route/index.ts";
import { replaceField } from "../replace-field.ts";
import { tokenData, valueAt } from "../token-data.ts";

const FAMILY = "Who somebody is";
const TAKEN = "What the client itself sent in the field is taken away, also when there is nothing to set.";

/** Filters that tell the back end what was found out about a token. */
export const forwardingFilters: readonly FilterSpec[] = [
  defineFilter({
    name: "forwardToken",
    family: FAMILY,
    does: "sets a field of the request to what `oauthTokeninfo…` or `oauthTokenintrospection…` was told of the token, as JSON.",
    parameters: [
      { name: "field", type: "text", what: "name of the field" },
      { name: "key", type: "text", what: "of what is to be told; without any it is everything", occurs: "any" },
    ],
    deviations: [TAKEN],
    create(args) {
      const field = fieldName(args);
      if (isHost(field)) throw args.refusal("another field than Host");
      const keys = args.texts(1);
      return {
        request(context) {
          const info = tokenData.tokeninfo(context) ?? tokenData.introspected(context)?.info;
          const told = info === undefined || keys.length === 0 ? info : pick(info, keys);
          replaceField(context, field, told);
        },
      };
    },
  }),
  defineFilter({
    name: "forwardTokenField",
    family: FAMILY,
    does: "sets a field of the request to one value of what was told of the token by `oauthTokeninfo…` or `oauthTokenintrospection…`, or of the claims that `jwtValidation` or `oauthOidc…` found.",
    parameters: [
      { name: "field", type: "text", what: "name of the field" },
      {
        name: "key",
        type: "text",
        what: "of the value, or the keys on the way to it with dots between; what is no text is written as JSON",
      },
    ],
    deviations: ["Of the syntax of GJSON there are keys and dots; claims are found by their name, and also below `claims`."],
    create(args) {
      const [field, key] = [fieldName(args), args.text(1)];
      if (isHost(field)) throw args.refusal("another field than Host");
      return {
        request(context) {
          const claims = tokenData.claims(context);
          const data = tokenData.tokeninfo(context) ?? tokenData.introspected(context)?.info ?? (claims && { ...claims, claims });
          replaceField(context, field, data === undefined ? undefined : valueAt(data, key));
        },
      };
    },
  }),
];

function pick(info: Readonly<Record<string, unknown>>, keys: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(keys.flatMap((key) => (Object.hasOwn(info, key) ? [[key, info[key]] as const] : [])));
}
