import type { Annotation } from "./annotation.ts";
import { matching, oneOf, wholeNumber } from "./annotation-values.ts";
import type { Said } from "./said.ts";
import { AWS_PREFIX } from "./unheeded.ts";

type Field = "protocol" | "port" | "path" | "intervalSeconds" | "timeoutSeconds" | "healthyThreshold" | "unhealthyThreshold" | "matcher";

function annotation<Name extends Field>(
  name: string,
  field: Name,
  values: string,
  meaning: string,
  read: (key: string, text: string) => Said[Name],
): Annotation {
  const key = AWS_PREFIX + name;
  return { key, values, meaning, read: (text, into) => into.put(field, read(key, text), key) };
}

/** Of the target group; its targets are the routers, so they ask the routers and not the pods behind them. */
export const HEALTH_CHECK_ANNOTATIONS: readonly Annotation[] = [
  annotation(
    "healthcheck-protocol",
    "protocol",
    "`HTTP`, `HTTPS`; of a network load balancer also `TCP`",
    "How health is asked. It is the routers that are asked, not the pods behind them, by this and all that follow.",
    (key, text) => oneOf(key, text, ["HTTP", "HTTPS", "TCP"]),
  ),
  annotation(
    "healthcheck-port",
    "port",
    "1 to 65535, `traffic-port`",
    "On which port; default: `--health-check-port`. Names of ports are refused: they are those of a Service.",
    (key, text) => (text === "traffic-port" ? text : String(wholeNumber(key, text, 1, 65_535))),
  ),
  annotation("healthcheck-path", "path", "a path", "By which path; default: `--health-check-path`.", (key, text) =>
    matching(key, text, /^\/[\x21-\x7E]{0,1023}$/, "a path that begins with / and has no spaces"),
  ),
  annotation("healthcheck-interval-seconds", "intervalSeconds", "5 to 300", "How often; default: `--health-check-interval`.", (key, text) =>
    wholeNumber(key, text, 5, 300),
  ),
  annotation(
    "healthcheck-timeout-seconds",
    "timeoutSeconds",
    "2 to 120",
    "How long an answer is waited for; default: `--health-check-timeout`.",
    (key, text) => wholeNumber(key, text, 2, 120),
  ),
  annotation(
    "healthy-threshold-count",
    "healthyThreshold",
    "2 to 10",
    "Successes in a row that make a router healthy; default: `--healthy-threshold-count`.",
    (key, text) => wholeNumber(key, text, 2, 10),
  ),
  annotation(
    "unhealthy-threshold-count",
    "unhealthyThreshold",
    "2 to 10",
    "Failures in a row that make a router unhealthy; default: `--unhealthy-threshold-count`.",
    (key, text) => wholeNumber(key, text, 2, 10),
  ),
  annotation(
    "success-codes",
    "matcher",
    "`200`, `200,202`, `200-299`",
    "Which statuses are a success; default: `200`. AWS takes 200 to 499.",
    (key, text) =>
      matching(key, text, /^[2-4]\d\d(?:-[2-4]\d\d)?(?:,[2-4]\d\d(?:-[2-4]\d\d)?)*$/, "statuses from 200 to 499, as in 200,202 or 200-299"),
  ),
];
