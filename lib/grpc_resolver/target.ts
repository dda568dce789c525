/** Targets such as `kubernetes:///web.prod:grpc` (resolve.md 2, 3): every form that kuberesolver v3 to v6 takes. */

/** How the port of a target is to be found. */
export type PortMode = "first" | "name" | "number";

/** A parsed target. */
export interface Target {
  /** As it was written. */
  readonly input: string;
  /** `scheme://namespace/service:port`; the colon is always there. */
  readonly canonical: string;
  /** Name of the Service. */
  readonly service: string;
  /** Its namespace, given or the default one. */
  readonly namespace: string;
  /** As written, empty for none. */
  readonly port: string;
  /** How `port` is to be found. */
  readonly portMode: PortMode;
  /** What was ignored, for the log. */
  readonly warnings: readonly string[];
}

/** A target that names no Service. */
export class InvalidTargetError extends Error {
  /** The class's name. */
  override readonly name = "InvalidTargetError";

  /** Says which target and why. */
  constructor(target: string, reason: string) {
    super(`kubernetes: invalid target "${target}": ${reason}`);
  }
}

/** What parsing needs besides the text. */
export interface ParseTargetOptions {
  /** Namespace of targets that name none; asked only then. `default` when absent. */
  readonly namespace?: (() => string) | undefined;
}

const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
// deno-lint-ignore no-control-regex -- control characters are what is being refused
const FORBIDDEN = /[\x00-\x20\x7f]/;
const MAX_PORT = 65_535;

/**
 * Parses a target with its scheme.
 *
 * @throws {InvalidTargetError}
 */
export function parseTarget(
  input: string,
  { namespace: defaultNamespace = () => "default" }: ParseTargetOptions = {},
): Target {
  const refuse = (reason: string): never => {
    throw new InvalidTargetError(input, reason);
  };
  const colon = input.indexOf(":");
  const scheme = input.slice(0, Math.max(colon, 0)).toLowerCase() || "kubernetes";
  const { authority, path } = splitRest(input.slice(colon + 1));
  const [a, p] = [authority, path].map((part) =>
    decode(part) ?? refuse("malformed escape or blank")
  );
  const { text, inNamespace, warnings } = chooseService(a ?? "", p ?? "", refuse);
  const lastColon = text.lastIndexOf(":");
  const port = lastColon < 0 ? "" : text.slice(lastColon + 1);
  const [service = "", ownNamespace = ""] = splitName(
    lastColon < 0 ? text : text.slice(0, lastColon),
  );
  if (service === "") refuse("must specify a service");
  const namespace = inNamespace ?? (ownNamespace === "" ? defaultNamespace() : ownNamespace);
  if (!LABEL.test(service)) refuse(`"${service}" is no name of a service`);
  if (!LABEL.test(namespace)) refuse(`"${namespace}" is no name of a namespace`);
  const portMode = portModeOf(port) ?? refuse(`"${port}" is no port`);
  return {
    ...{ input, service, namespace, port, portMode, warnings },
    canonical: canonicalName({ scheme, service, namespace, port }),
  };
}

/** The name under which a target is counted and logged. */
export function canonicalName(
  { scheme = "kubernetes", service, namespace, port }: {
    readonly scheme?: string;
    readonly service: string;
    readonly namespace: string;
    readonly port: string;
  },
): string {
  return `${scheme}://${namespace}/${service}:${port}`;
}

/** How a port is to be found; `undefined` for a text that is none. */
export function portModeOf(port: string): PortMode | undefined {
  if (port === "") return "first";
  if (/^\d+$/.test(port)) {
    const number = Number(port);
    return number >= 1 && number <= MAX_PORT ? "number" : undefined;
  }
  return LABEL.test(port) ? "name" : undefined;
}

/** Authority and path of what follows the scheme's colon; query and fragment are dropped. */
function splitRest(text: string): { readonly authority: string; readonly path: string } {
  const rest = text.split("#", 1)[0]?.split("?", 1)[0] ?? "";
  if (!rest.startsWith("//")) return { authority: "", path: rest.replace(/^\//, "") };
  const slash = rest.indexOf("/", 2);
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
  return {
    authority: authority.slice(authority.lastIndexOf("@") + 1),
    path: slash < 0 ? "" : rest.slice(slash + 1),
  };
}

function decode(part: string): string | undefined {
  if (FORBIDDEN.test(part)) return undefined;
  try {
    const decoded = decodeURIComponent(part);
    return FORBIDDEN.test(decoded) ? undefined : decoded;
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

interface ChosenService {
  readonly text: string;
  /** Namespace given apart from the service. */
  readonly inNamespace?: string;
  readonly warnings: readonly string[];
}

function chooseService(a: string, p: string, refuse: (reason: string) => never): ChosenService {
  if (a === "") return { text: p, warnings: [] };
  if (p === "") return { text: a, warnings: [] };
  const port = /:([^:]*)$/.exec(a)?.[1];
  if (port === undefined || port === "") {
    // Dots behind the service's name say nothing new here.
    const [name = ""] = p.split(":", 1);
    const text = (name.split(".", 1)[0] ?? "") + p.slice(name.length);
    return { text, inNamespace: a.replace(/:$/, ""), warnings: [] };
  }
  if (!/^\d+$/.test(port)) refuse("invalid authority");
  return { text: a, warnings: [`path "${p}" is ignored, the authority names the service`] };
}

function splitName(text: string): string[] {
  const [service = "", namespace = ""] = text.split(".");
  return [service, namespace];
}
