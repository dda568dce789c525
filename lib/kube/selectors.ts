/** Label selectors as text or as a structure, checked against the label rules before anything is sent. */

/** A structured selector; all conditions must hold. */
export interface LabelSelector {
  /** `key=value`. */
  readonly equals?: Readonly<Record<string, string>>;
  /** `key!=value`. */
  readonly notEquals?: Readonly<Record<string, string>>;
  /** `key in (…)`. */
  readonly in?: Readonly<Record<string, readonly string[]>>;
  /** `key notin (…)`. */
  readonly notIn?: Readonly<Record<string, readonly string[]>>;
  /** `key`. */
  readonly exists?: readonly string[];
  /** `!key`. */
  readonly absent?: readonly string[];
}

const VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const KEY_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const KEY_PREFIX = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * The selector as a query value; text is passed as it is.
 *
 * @throws {TypeError} when a key or a value breaks the label rules
 */
export function formatLabelSelector(selector: string | LabelSelector): string {
  if (typeof selector === "string") return selector;
  const terms: string[] = [];
  for (const [key, value] of Object.entries(selector.equals ?? {})) {
    terms.push(`${checkKey(key)}=${checkValue(value)}`);
  }
  for (const [key, value] of Object.entries(selector.notEquals ?? {})) {
    terms.push(`${checkKey(key)}!=${checkValue(value)}`);
  }
  for (const [key, values] of Object.entries(selector.in ?? {})) {
    terms.push(`${checkKey(key)} in (${checkValues(key, values)})`);
  }
  for (const [key, values] of Object.entries(selector.notIn ?? {})) {
    terms.push(`${checkKey(key)} notin (${checkValues(key, values)})`);
  }
  for (const key of selector.exists ?? []) terms.push(checkKey(key));
  for (const key of selector.absent ?? []) terms.push(`!${checkKey(key)}`);
  return terms.join(",");
}

function checkKey(key: string): string {
  const slash = key.indexOf("/");
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const validPrefix = prefix === undefined || (prefix.length <= 253 && KEY_PREFIX.test(prefix));
  if (!validPrefix || !KEY_NAME.test(key.slice(slash + 1))) {
    throw new TypeError(`Cannot select by label "${key}": not a valid label key`);
  }
  return key;
}

function checkValue(value: string): string {
  if (!VALUE.test(value)) {
    throw new TypeError(`Cannot select by label value "${value}": not a valid label value`);
  }
  return value;
}

function checkValues(key: string, values: readonly string[]): string {
  if (values.length === 0) throw new TypeError(`Cannot select by label "${key}": no values given`);
  return values.map(checkValue).join(",");
}
