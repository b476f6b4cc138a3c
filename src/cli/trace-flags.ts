import type { Command } from "commander";
import type { TraceOptions } from "../tracing/index.ts";
import { badUsage } from "./flag-values.ts";

/** What says whether requests are traced. */
export interface TraceFlags {
  readonly traceEndpoint?: string;
  readonly traceRatio?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function addTraceFlags(command: Command): Command {
  return command
    .option("--trace-endpoint <URL>", "collector that gets traces as OTLP over HTTP, for example http://collector:4318/v1/traces")
    .option("--trace-ratio <SHARE>", "share of the traces that begin here which are recorded, 0 to 1 (0)");
}

/** Options before the environment variables of OpenTelemetry. Undefined when no collector is named. Throws AppError `CLI_USAGE`. */
export function readTraceOptions({ traceEndpoint, traceRatio }: TraceFlags, environment: Environment): TraceOptions | undefined {
  const url = readUrl(traceEndpoint, environment);
  if (url === undefined) {
    if (traceRatio !== undefined) throw badUsage("--trace-ratio is for --trace-endpoint URL; give it too");
    return undefined;
  }
  const share = traceRatio ?? environment["OTEL_TRACES_SAMPLER_ARG"] ?? "0";
  const ratio = Number(share);
  if (share.trim() === "" || !(ratio >= 0 && ratio <= 1))
    throw badUsage(`--trace-ratio (OTEL_TRACES_SAMPLER_ARG) ${JSON.stringify(share)}: write a number from 0 to 1`);
  const serviceName = environment["OTEL_SERVICE_NAME"] ?? "";
  const headers = environment["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] ?? environment["OTEL_EXPORTER_OTLP_HEADERS"] ?? "";
  return { url, headers: readHeaders(headers), serviceName: serviceName === "" ? "holdfast" : serviceName, ratio };
}

function readUrl(option: string | undefined, environment: Environment): string | undefined {
  const {
    OTEL_SDK_DISABLED: disabled,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: exact = "",
    OTEL_EXPORTER_OTLP_ENDPOINT: base = "",
  } = environment;
  if (option === undefined && disabled?.toLowerCase() === "true") return undefined;
  const text = option ?? (exact !== "" ? exact : base === "" ? undefined : `${base.replace(/\/$/, "")}/v1/traces`);
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "")
    throw badUsage(`--trace-endpoint (OTEL_EXPORTER_OTLP_ENDPOINT) ${JSON.stringify(text)}: write http://HOST:PORT/PATH, or https`);
  return url.href;
}

/** `name=value,name=value`, values percent-encoded (W3C Baggage, as OpenTelemetry has it). The message names no value: they may be secret. */
function readHeaders(text: string): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const entry of text.split(",").filter((one) => one.trim() !== "")) {
    const [, name = "", encoded = ""] = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(.*?)\s*$/.exec(entry) ?? [];
    let value = "";
    try {
      value = decodeURIComponent(encoded);
    } catch {
      // Left empty, and refused below.
    }
    if (name === "" || !/^[\x20-\x7e]+$/.test(value)) throw badUsage("OTEL_EXPORTER_OTLP_HEADERS: write NAME=VALUE, separated by commas");
    headers[name] = value;
  }
  return headers;
}
