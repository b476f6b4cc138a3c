import type { RouteDefinition } from "../route/index.ts";
import type { AuthSettings } from "./settings.ts";

/** The route that ends logins of `oauthGrant` at all hosts, where the router has them. It is called as Skipper calls it. */
export function grantCallbackRoutes({ grant }: AuthSettings): readonly RouteDefinition[] {
  if (grant === undefined) return [];
  const predicates = [{ name: "Path", args: [grant.callbackPath] }];
  const filters = [{ name: "grantCallback", args: [] }];
  return [{ id: "__oauth2_grant_callback", predicates, filters, backend: { type: "shunt" } }];
}
