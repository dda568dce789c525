/** Tracing as OpenTelemetry's variables ask for it (serve-config.md 11). Without any of them nothing is traced. */

import { UsageError } from "#lib/cli/usage_error.ts";

/** How a trace travels in headers. */
export type PropagatorName = "tracecontext" | "b3" | "b3multi";

/** Which traces are recorded. */
export interface SamplerSettings {
  /** Share of the traces begun here, 0 to 1. */
  readonly ratio: number;
  /** Whether the decision of whoever sent the request counts first. */
  readonly parentBased: boolean;
}

/** Checked variables. */
export interface TracingSettings {
  /** `none`: context is passed on, nothing is exported. */
  readonly exporter: "http" | "stdout" | "none";
  /** Where OTLP goes, with its path. */
  readonly endpoint: string;
  /** Sent with each export. */
  readonly headers: readonly (readonly [string, string])[];
  readonly propagators: readonly PropagatorName[];
  readonly sampler: SamplerSettings;
  readonly serviceName: string;
  readonly resource: Readonly<Record<string, string>>;
  /** Largest batch, and spans that may wait. */
  readonly maxBatch: number;
  readonly maxQueue: number;
  readonly scheduleMs: number;
  /** What could not be had, said once at start. */
  readonly notices: readonly string[];
}

/** Every variable that is read here. */
export const TRACING_VARIABLES: readonly string[] = [
  "OTELCONFIG_EXPORTER",
  "OTEL_TRACES_EXPORTER",
  "OTEL_SDK_DISABLED",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
  "OTEL_EXPORTER_OTLP_HEADERS",
  "OTEL_EXPORTER_OTLP_PROTOCOL",
  "OTEL_PROPAGATORS",
  "OTEL_TRACES_SAMPLER",
  "OTEL_TRACES_SAMPLER_ARG",
  "OTEL_RESOURCE_ATTRIBUTES",
  "OTEL_SERVICE_NAME",
  "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
  "OTEL_BSP_MAX_QUEUE_SIZE",
  "OTEL_BSP_SCHEDULE_DELAY",
];

type Env = Readonly<Record<string, string>>;

/** Reads the variables; `undefined` when none asks for traces. @throws {UsageError} for an unknown exporter */
export function toTracingSettings(env: Env): TracingSettings | undefined {
  const named = valueOf(env, "OTELCONFIG_EXPORTER") ?? valueOf(env, "OTEL_TRACES_EXPORTER");
  const endpoint = valueOf(env, "OTEL_EXPORTER_OTLP_ENDPOINT");
  if (named === undefined && endpoint === undefined) return undefined;
  if (named === "none" || valueOf(env, "OTEL_SDK_DISABLED") === "true") return undefined;
  const notices: string[] = [];
  const exporter = exporterOf(named ?? "", { env, notices });
  const resource = pairsOf(valueOf(env, "OTEL_RESOURCE_ATTRIBUTES") ?? "");
  const attributes = Object.fromEntries(resource);
  return {
    exporter,
    endpoint: endpointOf(env),
    headers: pairsOf(valueOf(env, "OTEL_EXPORTER_OTLP_HEADERS") ?? ""),
    propagators: propagatorsOf(valueOf(env, "OTEL_PROPAGATORS") ?? "tracecontext", notices),
    sampler: samplerOf(env, notices),
    serviceName: valueOf(env, "OTEL_SERVICE_NAME") ?? attributes["service.name"] ?? "kcfg",
    resource: attributes,
    maxBatch: numberOf(env, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512),
    maxQueue: numberOf(env, "OTEL_BSP_MAX_QUEUE_SIZE", 2048),
    scheduleMs: numberOf(env, "OTEL_BSP_SCHEDULE_DELAY", 5000),
    notices,
  };
}

function exporterOf(
  name: string,
  { env, notices }: { readonly env: Env; readonly notices: string[] },
): TracingSettings["exporter"] {
  switch (name) {
    case "http":
      return "http";
    case "stdout":
    case "console":
      return "stdout";
    case "":
    case "grpc":
    case "otlp":
    case "jaeger": {
      const protocol = valueOf(env, "OTEL_EXPORTER_OTLP_PROTOCOL") ?? "";
      if (name !== "grpc" && name !== "jaeger" && protocol.startsWith("http/")) return "http";
      notices.push(
        `traces are not exported by ${
          name === "jaeger" ? "jaeger" : "grpc"
        }, set OTELCONFIG_EXPORTER=http`,
      );
      return "none";
    }
    default:
      throw new UsageError(
        `Variable OTELCONFIG_EXPORTER: "${name}" is not one of grpc, http, jaeger, stdout`,
      );
  }
}

function endpointOf(env: Env): string {
  const exact = valueOf(env, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  if (exact !== undefined) return checkUrl(exact);
  const base = valueOf(env, "OTEL_EXPORTER_OTLP_ENDPOINT") ?? "http://localhost:4318";
  return `${checkUrl(base).replace(/\/+$/, "")}/v1/traces`;
}

function checkUrl(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return text;
  throw new UsageError("Variable OTEL_EXPORTER_OTLP_ENDPOINT: it is not an http or https URL");
}

function propagatorsOf(text: string, notices: string[]): readonly PropagatorName[] {
  const names: PropagatorName[] = [];
  for (const name of text.split(",").map((word) => word.trim())) {
    if (name === "tracecontext" || name === "b3" || name === "b3multi") names.push(name);
    else if (/^(?:baggage|jaeger|xray|ottrace)$/.test(name)) {
      notices.push(`propagator ${name} is not available in this version`);
    } else if (name !== "none" && name !== "") {
      throw new UsageError(`Variable OTEL_PROPAGATORS: "${name}" is not known`);
    }
  }
  return [...new Set(names)];
}

function samplerOf(env: Env, notices: string[]): SamplerSettings {
  const name = valueOf(env, "OTEL_TRACES_SAMPLER") ?? "parentbased_always_on";
  const parentBased = name.startsWith("parentbased_");
  const argument = Number(valueOf(env, "OTEL_TRACES_SAMPLER_ARG") ?? "1");
  const ratio = argument >= 0 && argument <= 1 ? argument : 1;
  switch (name.replace("parentbased_", "")) {
    case "always_on":
      return { ratio: 1, parentBased };
    case "always_off":
      return { ratio: 0, parentBased };
    case "traceidratio":
      return { ratio, parentBased };
    default:
      notices.push(`sampler ${name} is not available in this version, every trace is recorded`);
      return { ratio: 1, parentBased: true };
  }
}

/** `a=b,c=d` with percent-encoded values. */
function pairsOf(text: string): readonly (readonly [string, string])[] {
  return text.split(",").flatMap((pair) => {
    const equals = pair.indexOf("=");
    if (equals < 1) return [];
    const value = pair.slice(equals + 1).trim();
    try {
      return [[pair.slice(0, equals).trim(), decodeURIComponent(value)] as const];
    } catch (error) {
      if (error instanceof URIError) return [[pair.slice(0, equals).trim(), value] as const];
      throw error;
    }
  });
}

function numberOf(env: Env, name: string, fallback: number): number {
  const value = Number(valueOf(env, name) ?? fallback);
  return Number.isInteger(value) && value > 0 ? value : fallback;
}

function valueOf(env: Env, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value === "" ? undefined : value;
}
