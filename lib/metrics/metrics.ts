/**
 * Instruments: counters, gauges and histograms as plain numbers, cheap enough for every request. How they are
 * shown is the business of `exposition.ts`.
 */

/** Common part of a family. */
export interface FamilyOptions {
  /** Full name, with unit; counters without `_total`, which the exposition adds where it is due. */
  readonly name: string;
  /** One sentence. */
  readonly help: string;
  /** Label names, in the order in which values are given. */
  readonly labels?: readonly string[];
  /** Most series; any further label combination is counted under `_other_`. 2,000 by default. */
  readonly maxSeries?: number;
}

/** One series of a counter or gauge. */
export interface NumberSeries {
  readonly labelValues: readonly string[];
  value: number;
}

/** Asked at each scrape for the series of a family, instead of being told. */
export type Collect = () => readonly NumberSeries[];

/** One series of a histogram; `counts` has one more entry than there are bounds. */
export interface HistogramSeries {
  readonly labelValues: readonly string[];
  readonly counts: number[];
  sum: number;
}

/** A family as the exposition reads it. */
export type Family =
  & { readonly name: string; readonly help: string; readonly labels: readonly string[] }
  & (
    | { readonly type: "counter" | "gauge"; read(): Iterable<NumberSeries> }
    | {
      readonly type: "histogram";
      readonly bounds: readonly number[];
      read(): Iterable<HistogramSeries>;
    }
  );

const OTHER = "_other_";
const DEFAULT_MAX_SERIES = 2000;

/** Finds or makes the series of a label combination, within the bound. */
class SeriesMap<S> {
  readonly #series = new Map<string, S>();
  readonly #make: (labelValues: readonly string[]) => S;
  readonly #options: FamilyOptions;

  constructor(options: FamilyOptions, make: (labelValues: readonly string[]) => S) {
    this.#options = options;
    this.#make = make;
    if ((options.labels ?? []).length === 0) this.get([]);
  }

  get(labelValues: readonly string[]): S {
    const key = labelValues.length === 1 ? labelValues[0] ?? "" : labelValues.join("\u0000");
    return this.#series.get(key) ?? this.#add(key, labelValues);
  }

  values(): Iterable<S> {
    return this.#series.values();
  }

  #add(key: string, labelValues: readonly string[]): S {
    if (this.#series.size >= (this.#options.maxSeries ?? DEFAULT_MAX_SERIES)) {
      const others = labelValues.map(() => OTHER);
      const otherKey = others.join("\u0000");
      if (key !== otherKey) return this.#series.get(otherKey) ?? this.#store(otherKey, others);
    }
    return this.#store(key, labelValues);
  }

  #store(key: string, labelValues: readonly string[]): S {
    const series = this.#make([...labelValues]);
    this.#series.set(key, series);
    return series;
  }
}

/** A number that only grows: counted by us, or asked for at each scrape. */
export class Counter {
  readonly #series: SeriesMap<NumberSeries>;
  readonly #collect: Collect | undefined;

  constructor(options: FamilyOptions & { readonly collect?: Collect }) {
    this.#series = new SeriesMap(options, (labelValues) => ({ labelValues, value: 0 }));
    this.#collect = options.collect;
  }

  /** Adds `by`, 1 by default. */
  inc(labelValues: readonly string[] = [], by = 1): void {
    this.#series.get(labelValues).value += by;
  }

  /** The series of a combination, for hot paths that add to its `value` themselves. */
  series(labelValues: readonly string[]): NumberSeries {
    return this.#series.get(labelValues);
  }

  /** Current value; 0 for a combination never seen. */
  value(labelValues: readonly string[] = []): number {
    return this.#series.get(labelValues).value;
  }

  /** All series, fresh. */
  read(): Iterable<NumberSeries> {
    return this.#collect?.() ?? this.#series.values();
  }
}

/** A number that goes up and down: set by us, or asked for at each scrape. */
export class Gauge {
  readonly #series: SeriesMap<NumberSeries>;
  readonly #collect: Collect | undefined;

  constructor(options: FamilyOptions & { readonly collect?: Collect }) {
    this.#series = new SeriesMap(options, (labelValues) => ({ labelValues, value: 0 }));
    this.#collect = options.collect;
  }

  /** Sets the value. */
  set(value: number, labelValues: readonly string[] = []): void {
    this.#series.get(labelValues).value = value;
  }

  /** All series, fresh. */
  read(): Iterable<NumberSeries> {
    return this.#collect?.() ?? this.#series.values();
  }
}

/** Counts of observations by upper bound, with their sum. */
export class Histogram {
  /** Upper bounds, ascending, without `+Inf`. */
  readonly bounds: readonly number[];
  readonly #series: SeriesMap<HistogramSeries>;

  constructor(options: FamilyOptions & { readonly bounds: readonly number[] }) {
    this.bounds = options.bounds;
    this.#series = new SeriesMap(options, (labelValues) => ({
      labelValues,
      counts: new Array<number>(options.bounds.length + 1).fill(0),
      sum: 0,
    }));
  }

  /** The series of a combination, for hot paths that use `observeIn`. */
  series(labelValues: readonly string[]): HistogramSeries {
    return this.#series.get(labelValues);
  }

  /** Records one observation. */
  observe(value: number, labelValues: readonly string[] = []): void {
    this.observeIn(this.#series.get(labelValues), value);
  }

  /** Records one observation in a series of this histogram. */
  observeIn(series: HistogramSeries, value: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > (this.bounds[bucket] ?? 0)) bucket += 1;
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.sum += value;
  }

  /** All series. */
  read(): Iterable<HistogramSeries> {
    return this.#series.values();
  }
}

/** Makes instruments and remembers them for the exposition. */
export class Metrics {
  readonly #families: Family[] = [];

  /** @throws {TypeError} when a name is used twice */
  counter(options: FamilyOptions & { readonly collect?: Collect }): Counter {
    const counter = new Counter(options);
    this.#register({ ...describe(options), type: "counter", read: () => counter.read() });
    return counter;
  }

  /** @throws {TypeError} when a name is used twice */
  gauge(options: FamilyOptions & { readonly collect?: Collect }): Gauge {
    const gauge = new Gauge(options);
    this.#register({ ...describe(options), type: "gauge", read: () => gauge.read() });
    return gauge;
  }

  /** @throws {TypeError} when a name is used twice */
  histogram(options: FamilyOptions & { readonly bounds: readonly number[] }): Histogram {
    const histogram = new Histogram(options);
    this.#register({
      ...describe(options),
      type: "histogram",
      bounds: options.bounds,
      read: () => histogram.read(),
    });
    return histogram;
  }

  /** Every family, in the order in which they were made. */
  families(): readonly Family[] {
    return this.#families;
  }

  #register(family: Family): void {
    if (this.#families.some((other) => other.name === family.name)) {
      throw new TypeError(`Cannot register metric "${family.name}": the name is taken`);
    }
    this.#families.push(family);
  }
}

function describe({ name, help, labels = [] }: FamilyOptions) {
  return { name, help, labels };
}
