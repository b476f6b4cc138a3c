import type { Plugin, PluginArgument } from "holdfast/plugin";

/** `acme` of `acme.example.org`. */
function tenantOf(host: string): string {
  return host.slice(0, Math.max(0, host.indexOf(".")));
}

function texts(args: readonly PluginArgument[], what: string): readonly string[] {
  if (args.length === 0) throw new Error(`expected ${what}`);
  return args.map(String);
}

export const plugin: Plugin = {
  interfaceVersion: 1,
  predicates: [
    {
      // Tenant("acme", "umbrella"): requests for hosts of these tenants.
      name: "Tenant",
      create(args) {
        const tenants = new Set(texts(args, "one or more tenants"));
        return (request) => tenants.has(tenantOf(request.host));
      },
    },
  ],
  filters: [
    {
      // tenantHeader("X-Tenant"): tells the back end who the tenant is, and the client how long it took.
      name: "tenantHeader",
      create(args) {
        const [name = ""] = texts(args, "the name of a header field");
        return {
          request(exchange) {
            exchange.setRequestHeader(name, tenantOf(exchange.host));
            exchange.state.set("since", performance.now());
          },
          response(exchange) {
            const since = Number(exchange.state.get("since"));
            exchange.addResponseHeader("Server-Timing", `backend;dur=${(performance.now() - since).toFixed(1)}`);
          },
        };
      },
    },
    {
      // knownTenant("http://tenants.internal/"): asks a service whether there is such a tenant, before the back end is asked.
      name: "knownTenant",
      create(args) {
        const [service = ""] = texts(args, "the URL of a service");
        return {
          async request(exchange) {
            const answer = await fetch(`${service}${tenantOf(exchange.host)}`, { signal: exchange.signal });
            await answer.body?.cancel();
            if (!answer.ok) exchange.respond(403, { "Content-Type": "text/plain; charset=utf-8" }, "no such tenant\n");
          },
        };
      },
    },
  ],
};
