import { Command, Option } from "commander";
import { collect } from "./flag-values.ts";
import { checkRoutes, formatRoutes } from "./routes-check.ts";
import { convertFiles } from "./routes-from-kube.ts";
import { matchRoute } from "./routes-match.ts";

interface PluginFlags {
  readonly plugin: readonly string[];
}

/** `holdfast routes`: what can be done with routes without a router or a cluster. */
export function routesCommand(): Command {
  const routes = new Command("routes").description("check, format, convert and match routes");
  routes
    .command("check")
    .description("parse and validate eskip; print every problem as file:line:column, exit 2 if there is one")
    .argument("<file...>", "eskip files, or .json as from-kube prints it; - is standard input")
    .option("--plugin <file>", "filters and predicates of your own; may be repeated", collect, [])
    .action((files: readonly string[], { plugin }: PluginFlags) => checkRoutes(files, plugin));
  routes
    .command("fmt")
    .description("print canonical eskip; comments are not kept")
    .argument("<file>", "an eskip file; - is standard input")
    .action((file: string) => formatRoutes(file));
  routes
    .command("from-kube")
    .description("convert Kubernetes objects to routes, as the router would, with the options and defaults of Skipper")
    .argument(
      "<file...>",
      "YAML files of Ingresses, RouteGroups, Services, EndpointSlices (or Endpoints) and IngressClasses; - is standard input",
    )
    .option("--options <file>", "options of Skipper's Kubernetes client, as YAML")
    .option("--default-filters <directory>", "files SERVICE.NAMESPACE with filters put before all others")
    .addOption(new Option("--format <format>").choices(["eskip", "json"]).default("eskip"))
    .option("--strict", "exit 2 when an object has a problem, not only when a file cannot be read")
    .action((files: readonly string[], options: Parameters<typeof convertFiles>[1]) => convertFiles(files, options));
  routes
    .command("match")
    .description("show which route answers a request and what its filters do; exit 1 if none does")
    .requiredOption("--routes <file>", "eskip file, or .json as from-kube prints it")
    .argument("<method>")
    .argument("<url>", "absolute, or a path when -H gives the Host")
    .option("-H, --header <line>", "request header, as in 'Name: value'; may be repeated", collect, [])
    .option("--client <address>", "client address", "127.0.0.1")
    .option("--chance <number>", "stands for the random numbers of Traffic and TrafficSegment, 0 to 1", "0")
    .option("--time <time>", "stands for now, as in 2026-02-28T12:00:00Z")
    .option("--plugin <file>", "filters and predicates of your own; may be repeated", collect, [])
    .option("--json", "print JSON")
    .action((method: string, url: string, options: Parameters<typeof matchRoute>[2]) => matchRoute(method, url, options));
  return routes;
}
