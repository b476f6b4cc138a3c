import { type Parameter, withoutSecret } from "./call-documentation.ts";
import type { Call, RouteDefinition } from "./definition.ts";
import type { Registry } from "./registry.ts";

/** The routes as they may be shown: without the secrets in arguments of predicates and filters. */
export function redactRoutes(routes: readonly RouteDefinition[], registry: Registry): readonly RouteDefinition[] {
  return routes.map((route) => {
    const predicates = redactCalls(route.predicates, (name) => registry.predicates.get(name)?.documentation?.parameters);
    const filters = redactCalls(route.filters, (name) => registry.filters.get(name)?.documentation?.parameters);
    return predicates === route.predicates && filters === route.filters ? route : { ...route, predicates, filters };
  });
}

/** The same list when there is nothing to hide. */
function redactCalls(calls: readonly Call[], parametersOf: (name: string) => readonly Parameter[] | undefined): readonly Call[] {
  let redacted: Call[] | undefined;
  for (const [at, call] of calls.entries()) {
    const parameters = parametersOf(call.name) ?? [];
    if (!parameters.some((parameter) => parameter.isSecret !== undefined)) continue;
    const { args } = call;
    redacted ??= [...calls];
    redacted[at] = {
      ...call,
      args: args.map((value, index) => {
        const parameter = parameters[index];
        return parameter === undefined ? value : withoutSecret(parameter, value, args[0]);
      }),
    };
  }
  return redacted ?? calls;
}
