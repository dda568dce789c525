/**
 * Named flags: declaring, finding, setting, listing. Several flags change together in one turn, so that readers
 * see one version of all of them. Where values come from is the business of `updater.ts`.
 */

import { parseArguments } from "./arguments.ts";
import { checksumOf } from "./checksum.ts";
import { dyn, fixed } from "./declare.ts";
import { FlagError } from "./errors.ts";
import { type FlagRule, FlagRules, refusedByRule } from "./flag_rules.ts";
import type {
  ApplyOptions,
  FlagEntry,
  FlagInputs,
  FlagSetOptions,
  FlagUpdate,
  ValueSource,
} from "./flag_set_contract.ts";
import { FlagSlot } from "./flag_slot.ts";
import { type FlagMakers, nameMakers } from "./named_makers.ts";
import { Telling } from "./telling.ts";
import { compareBytes } from "./text.ts";
import { UpdateListeners } from "./update_listeners.ts";
import type { AnyValue, PreparedChange, ValueInput } from "./value_contract.ts";

// The makers come in by `Object.assign`, so their types come in by merging.
/** The makers of dynamic flags. */
export interface FlagSet extends FlagMakers {}

/** A set of flags: `const port = flags.int("port", 8080, "where to listen")`. */
export class FlagSet {
  /** Name of the flag. */
  readonly name: string;
  /** Makers of static flags, which are settled when `freeze` is called. */
  readonly static: FlagMakers;

  readonly #slots = new Map<string, FlagSlot>();
  readonly #now: () => number;
  readonly #listeners: UpdateListeners;
  readonly #rules = new FlagRules((name) => this.get(name));
  #seq = 0;
  #revision = 0;
  #sorted: readonly FlagSlot[] | undefined;
  #isFrozen = false;
  readonly #telling = new Telling<() => void>({
    tell: (one) => one(),
    onLoop: (nested) =>
      this.#listeners.report(new Error(`Listeners set flags ${nested} times in a turn`)),
  });

  /** An empty set; `name` is for listings of several. */
  constructor(name = "", { now = Date.now, onListenerError }: FlagSetOptions = {}) {
    this.name = name;
    this.#now = now;
    this.#listeners = new UpdateListeners(onListenerError ?? (() => undefined));
    const bind = <V extends AnyValue>(flag: string, value: V): V => this.bind(flag, value);
    this.static = nameMakers(fixed, bind);
    Object.assign(this, nameMakers(dyn, bind));
  }

  /** Updates so far. */
  get seq(): number {
    return this.#seq;
  }

  /** Another number after anything that listings and checksums show has changed. */
  get revision(): number {
    return this.#revision;
  }

  /** Whether static flags are settled. */
  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** Errors that listeners threw so far. */
  get listenerErrors(): number {
    return this.#listeners.errors;
  }

  /**
   * Takes a value in under a name; one value may have several names.
   *
   * @throws {TypeError} when the name is taken or empty
   */
  bind<V extends AnyValue>(name: string, value: V): V {
    if (name === "" || this.#slots.has(name)) {
      throw new TypeError(
        `Cannot declare flag "${name}": name is ${name === "" ? "empty" : "taken"}`,
      );
    }
    const slot = new FlagSlot(name, value, this.#now);
    this.#slots.set(name, slot);
    this.#sorted = undefined;
    this.#revision += 1;
    value.bound(name, {
      report: (err) => this.#listeners.report(err),
      refusalOf: (next) => {
        const refusal = this.#rules.refusalOf(new Map([[value, next]]));
        if (refusal === undefined) return undefined;
        return refusedByRule(name, refusal, value.type.format(next));
      },
      onSet: (before) => {
        this.#revision += 1;
        this.#finish({ source: "cli", changes: slot.record(before, "cli"), rejected: [] });
      },
    });
    if (this.#isFrozen) value.freeze();
    return value;
  }

  /**
   * Refuses from now on every update that would break a condition over several flags, as a whole.
   *
   * @throws {TypeError} when one of its flags is not declared, or when the values in force break it
   */
  addRule(rule: FlagRule): void {
    this.#rules.add(rule);
  }

  /** The value of a name. */
  get(name: string): AnyValue | undefined {
    return this.#slots.get(name)?.value;
  }

  /** Whether the name is declared. */
  has(name: string): boolean {
    return this.#slots.has(name);
  }

  /** The flag of a name with all that is known about it. */
  entry(name: string): FlagEntry | undefined {
    return this.#slots.get(name);
  }

  /** All flags in the order of their names' bytes. */
  entries(): readonly FlagEntry[] {
    return this.#sorted ??= [...this.#slots.values()]
      .sort((a, b) => compareBytes(a.name, b.name));
  }

  /**
   * Sets one flag by text.
   *
   * @throws {FlagError} when the name is unknown or the text is refused
   */
  set(name: string, raw: string, { source = "cli" }: { readonly source?: ValueSource } = {}): void {
    const { rejected: [error] } = this.apply([[name, { raw }]], { source });
    if (error !== undefined) throw error;
  }

  /**
   * Sets several flags in one turn: parses and checks all, brings into force those accepted (none if one is
   * refused and `atomic` is set), then tells the listeners in the order of the names. Throws nothing.
   */
  apply(inputs: FlagInputs, options: ApplyOptions): FlagUpdate {
    const { source, atomic = false, keepOverrides = false, removed = [] } = options;
    const gone = [...removed].flatMap((name) => this.#slots.get(name) ?? []);
    const all = [...inputs, ...this.#formerOf(gone.filter((slot) => slot.source === "config"))];
    const prepared: { slot: FlagSlot; input: ValueInput<unknown>; change: PreparedChange }[] = [];
    const rejected: FlagError[] = [];
    for (const [name, input] of all.sort(([a], [b]) => compareBytes(a, b))) {
      const slot = this.#slots.get(name);
      try {
        if ("problem" in input) {
          throw new FlagError(input.problem, { flag: name, raw: "", reason: "syntax" });
        }
        if (slot === undefined) throw unknownFlag(name, input);
        prepared.push({ slot, input, change: slot.value.prepare(input, name) });
      } catch (err) {
        if (!(err instanceof FlagError)) throw err;
        rejected.push(this.#refuse(err));
      }
    }
    const isTaken = !atomic || rejected.length === 0;
    const accepted = isTaken ? prepared : [];
    const isKept = ({ slot }: { slot: FlagSlot }) => keepOverrides && slot.source === "http";
    const applied = accepted.filter((one) => !isKept(one));
    const refusal = this.#rules.refusalOf(
      new Map(applied.map(({ slot, change }) => [slot.value, change.value])),
    );
    if (refusal !== undefined) {
      for (const { slot: { name, value }, input, change } of applied) {
        const raw = "raw" in input ? input.raw : value.type.format(change.value);
        rejected.push(this.#refuse(refusedByRule(name, refusal, raw)));
      }
      return this.#finish({ source, changes: [], rejected });
    }
    if (isTaken) { for (const slot of gone) slot.config = undefined; }
    for (const { slot, input } of accepted.filter(isKept)) slot.config = input;
    const changes = applied.flatMap(({ slot, input, change }) =>
      slot.swap({ input, change, source })
    );
    this.#revision += applied.length;
    return this.#finish({ source, changes, rejected }, () => {
      for (const { change } of applied) change.notify();
    });
  }

  /** Takes back what HTTP set: the configuration's value returns, else the one before both. */
  clearOverride(name: string): FlagUpdate | undefined {
    const slot = this.#slots.get(name);
    if (slot?.source !== "http") return undefined;
    if (slot.config !== undefined) return this.apply([[name, slot.config]], { source: "config" });
    const inputs = this.#formerOf([slot]);
    return inputs.length === 0 ? undefined : this.apply(inputs, { source: "default" });
  }

  /** Takes back what the configuration set under these names, except where HTTP has set something since. */
  clearConfig(names: Iterable<string>): FlagUpdate | undefined {
    const removed = [...names].filter((name) => this.#slots.get(name)?.config !== undefined);
    return removed.length === 0 ? undefined : this.apply([], { source: "config", removed });
  }

  /**
   * Reads flags from arguments by Go's rules: one or two dashes, `-name=value` or `-name value`, booleans alone;
   * `--` or the first other argument ends. Returns the arguments that are left.
   *
   * @throws {FlagError}
   */
  parse(argv: readonly string[]): string[] {
    return parseArguments(this, argv);
  }

  /** FNV-1a over names and texts, of the flags that `filter` keeps (all by default). */
  checksum(filter: (entry: FlagEntry) => boolean = () => true): string {
    const flags = this.entries().filter(filter);
    return checksumOf(flags.map(({ name, value }) => [name, value.toString()]));
  }

  /** All values now, by name, frozen. */
  snapshot(): Readonly<Record<string, unknown>> {
    return Object.freeze(
      Object.fromEntries(this.entries().map(({ name, value }) => [name, value.value])),
    );
  }

  /** Calls `listener` after each update; the returned function ends that. */
  onUpdate(listener: (update: FlagUpdate) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Settles static flags: from now on they refuse to change. */
  freeze(): void {
    this.#isFrozen = true;
    for (const { value } of this.#slots.values()) value.freeze();
  }

  /** Notes why a flag was not set. */
  #refuse(err: FlagError): FlagError {
    const slot = this.#slots.get(err.flag);
    if (slot !== undefined) slot.error = err.message;
    return err;
  }

  /**
   * Numbers an update, then tells the listeners of its values by `notify` and those of updates. What they set
   * meanwhile is an update of its own, told after this one: whoever follows ends with the values in force.
   */
  #finish(done: Omit<FlagUpdate, "seq">, notify: () => void = () => undefined): FlagUpdate {
    this.#seq += 1;
    const update = { seq: this.#seq, ...done };
    this.#telling.add(() => {
      notify();
      this.#listeners.tell(update);
    });
    return update;
  }

  /** What gives slots back the values that were in force before configuration and HTTP; settled ones keep theirs. */
  #formerOf(slots: readonly FlagSlot[]): (readonly [string, ValueInput<unknown>])[] {
    return slots.flatMap(({ name, value, base }) =>
      base === undefined || this.#isFrozen && !value.isDynamic
        ? []
        : [[name, { restore: base }] as const]
    );
  }
}

function unknownFlag(name: string, input: ValueInput<unknown>): FlagError {
  const raw = "raw" in input ? input.raw : "";
  return new FlagError(`flag "${name}" is not declared`, { flag: name, raw, reason: "unknown" });
}
