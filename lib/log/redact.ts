/** Keeps secrets out of log lines. Applied to every field of every line, at every level. */

const SECRET_KEY =
  /(token|password|passwd|secret|secrets|authorization|cookie|credential|credentials|apikey|privatekey)$/i;
const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:)[^\s]*@/gi;
/** A parameter of a URL that is named as a secret. */
const URL_SECRET =
  /([?&](?:[\w.-]*[_.-])?(?:token|password|passwd|secret|key|apikey|credential|signature|sig|code)=)[^&#\s"'`<>)]+/gi;
const BEARER = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+/g;

/** Nothing shorter than `a://:b@` can hold a secret that is looked for. */
const SHORTEST_SECRET = 7;

/** Deepest nesting of a field that is shown. */
const MAX_DEPTH = 4;
/** Most entries of a list or map that are shown. */
const MAX_ENTRIES = 50;
/** Most causes of an error that are followed. */
const MAX_CAUSES = 5;
/** Longest text that is shown. */
const MAX_TEXT = 4096;

/**
 * A copy of a field's value that may be logged: values under secret-looking keys become `***`, passwords in
 * URLs and authorization headers are cut out of texts, bytes are only counted, depth and size are bounded.
 */
export function redact(key: string, value: unknown, depth = 0): unknown {
  if (isSecretKey(key) && value !== undefined && value !== null) return "***";
  return redactValue(value, depth);
}

/** Whether whatever stands under this key is hidden. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

/** `redact` for a key that is known not to be secret. */
export function redactValue(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case "string":
      return redactText(value);
    case "number":
    case "boolean":
    case "undefined":
      return value;
    case "object":
      return value === null ? null : redactObject(value, depth);
    default:
      return redactText(String(value));
  }
}

/** `text` without passwords, authorization values and secrets in queries of URLs, cut at 4,096 characters. */
export function redactText(text: string): string {
  if (text.length < SHORTEST_SECRET) return text;
  const cut = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  if (!cut.includes("://") && !cut.includes("Bearer") && !cut.includes("Basic")) return cut;
  const shown = cut.replace(URL_PASSWORD, "$1***@").replace(BEARER, "$1 ***");
  return shown.includes("?") ? shown.replace(URL_SECRET, "$1***") : shown;
}

function redactObject(value: object, depth: number): unknown {
  if (value instanceof Error) return redactText(describeError(value));
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`;
  if (depth >= MAX_DEPTH) return "…";
  if (Array.isArray(value)) {
    return value.slice(0, MAX_ENTRIES).map((item) => redact("", item, depth + 1));
  }
  const entries = Object.entries(value).slice(0, MAX_ENTRIES);
  return Object.fromEntries(entries.map(([key, item]) => [key, redact(key, item, depth + 1)]));
}

/** Message of an error and of its causes, without stacks and without what was said already. */
export function describeError(error: Error): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; current instanceof Error && depth < MAX_CAUSES; depth++) {
    const text = current.message || current.name;
    if (!parts.some((part) => part.includes(text))) parts.push(text);
    current = current.cause;
  }
  return parts.join(": ");
}
