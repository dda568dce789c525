/**
 * Metrics as Prometheus reads them: text format 0.0.4, or OpenMetrics 1.0 when the scraper asks for it.
 * Sources: the format pages of prometheus.io and the OpenMetrics specification.
 */

import type { Family, HistogramSeries, NumberSeries } from "./metrics.ts";

/** Content type of the text format. */
export const TEXT_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";
/** Content type of OpenMetrics. */
export const OPENMETRICS_CONTENT_TYPE =
  "application/openmetrics-text; version=1.0.0; charset=utf-8";

/** Whether an Accept header prefers OpenMetrics; a scraper that knows it names it first. */
export function wantsOpenMetrics(accept: string | null): boolean {
  return accept?.includes("application/openmetrics-text") === true;
}

/** The whole exposition of `families`. */
export function formatMetrics(
  families: readonly Family[],
  { openMetrics }: { readonly openMetrics: boolean },
): string {
  const lines: string[] = [];
  for (const family of families) {
    // In OpenMetrics a counter family is named without the suffix that its samples carry.
    const bare = family.name.replace(/_total$/, "");
    const title = openMetrics && family.type === "counter" ? bare : family.name;
    lines.push(`# HELP ${title} ${escapeHelp(family.help)}`, `# TYPE ${title} ${family.type}`);
    if (family.type === "histogram") {
      for (const series of family.read()) histogramLines(family, series, lines);
      continue;
    }
    const name = openMetrics && family.type === "counter" ? `${bare}_total` : family.name;
    for (const series of family.read()) lines.push(numberLine(name, family.labels, series));
  }
  if (openMetrics) lines.push("# EOF");
  return `${lines.join("\n")}\n`;
}

function numberLine(name: string, labels: readonly string[], series: NumberSeries): string {
  return `${name}${labelSet(labels, series.labelValues)} ${formatNumber(series.value)}`;
}

function histogramLines(
  family: Family & { readonly type: "histogram" },
  series: HistogramSeries,
  lines: string[],
): void {
  const { name, labels, bounds } = family;
  const bucketLabels = [...labels, "le"];
  let cumulative = 0;
  for (const [index, count] of series.counts.entries()) {
    cumulative += count;
    const bound = bounds[index];
    const le = bound === undefined ? "+Inf" : formatNumber(bound);
    lines.push(
      `${name}_bucket${labelSet(bucketLabels, [...series.labelValues, le])} ${cumulative}`,
    );
  }
  const set = labelSet(labels, series.labelValues);
  lines.push(`${name}_sum${set} ${formatNumber(series.sum)}`, `${name}_count${set} ${cumulative}`);
}

function labelSet(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return "";
  const pairs = names.map((name, index) => `${name}="${escapeLabel(values[index] ?? "")}"`);
  return `{${pairs.join(",")}}`;
}

function formatNumber(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  return String(value);
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
