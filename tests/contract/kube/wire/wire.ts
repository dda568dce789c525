/**
 * One side of the wire suite: an API server, fake or real, asked in raw HTTP. Every answer is noted, with
 * what differs between two runs masked, so that both sides can be compared afterwards.
 */

import {
  type Endpoint,
  plainLines,
  type PlainRequest,
  plainRequest,
} from "#tests/support/control_plane/http.ts";
import { testNamespace } from "#tests/support/control_plane/harness.ts";

/** JSON of an answer; tests know what they asked for. */
// deno-lint-ignore no-explicit-any
export type Body = any;

/** A decoded answer. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Body;
}

/** One watch event. */
export interface WatchEvent {
  readonly type: string;
  readonly object: Body;
}

/** An exchange as it is compared. */
export interface Note {
  readonly request: string;
  readonly status: number;
  readonly contentType: string;
  readonly reason: string;
  readonly message: string;
  /** Paths of all fields; list items count as one. */
  readonly fields: readonly string[];
}

/** The server of a run of the suite. */
export interface Side {
  readonly admin: Endpoint;
  readonly nobody?: Endpoint | undefined;
}

/** Talks to one side within a namespace of its own. */
export class Wire implements AsyncDisposable {
  readonly side: Side;
  readonly namespace: string;
  readonly notes: Note[] = [];
  readonly #dispose: () => Promise<void>;

  private constructor(side: Side, namespace: { name: string; dispose: () => Promise<void> }) {
    this.side = side;
    this.namespace = namespace.name;
    this.#dispose = namespace.dispose;
  }

  /** Opens a side. */
  static async open(side: Side): Promise<Wire> {
    const namespace = await testNamespace(side.admin);
    return new Wire(side, {
      name: namespace.name,
      dispose: async () => await namespace[Symbol.asyncDispose](),
    });
  }

  /** `/api/v1/namespaces/<own>/<rest>`. */
  core(rest: string): string {
    return `/api/v1/namespaces/${this.namespace}/${rest}`;
  }

  /** Sends a request as the administrator, or as someone else, and notes the answer. */
  async send(
    method: string,
    path: string,
    options: Omit<PlainRequest, "method" | "path"> & { readonly as?: Partial<Endpoint> } = {},
  ): Promise<Answer> {
    const { as, ...request } = options;
    const endpoint = as === undefined ? this.side.admin : { ...this.side.admin, ...as };
    const { status, headers, text } = await plainRequest(endpoint, { ...request, method, path });
    const contentType = String(headers["content-type"] ?? "");
    const body: Body = contentType.startsWith("application/json") ? JSON.parse(text) : text;
    this.#note(`${method} ${path}`, { status, contentType, body });
    return { status, contentType, headers, body };
  }

  get(path: string, options: Parameters<Wire["send"]>[2] = {}): Promise<Answer> {
    return this.send("GET", path, options);
  }

  post(path: string, body: unknown, options: Parameters<Wire["send"]>[2] = {}): Promise<Answer> {
    return this.send("POST", path, { ...options, body });
  }

  put(path: string, body: unknown): Promise<Answer> {
    return this.send("PUT", path, { body });
  }

  delete(path: string, body?: unknown): Promise<Answer> {
    return this.send("DELETE", path, body === undefined ? {} : { body });
  }

  patch(type: PatchType, path: string, body: unknown): Promise<Answer> {
    return this.send("PATCH", path, { body, contentType: PATCH_TYPES[type] });
  }

  /** Watches until `count` events came, or until the server ends the stream, and notes the events. */
  async watch(path: string, count: number): Promise<WatchEvent[]> {
    const { lines } = await plainLines(this.side.admin, {
      path,
      isEnough: (lines) => lines.length >= count,
    });
    const events = lines.map((line) => JSON.parse(line) as WatchEvent);
    for (const { type, object } of events) {
      this.#note(`${type} of GET ${path}`, { status: 200, contentType: "", body: object });
    }
    return events;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispose();
  }

  #note(
    request: string,
    { status, contentType, body }: {
      readonly status: number;
      readonly contentType: string;
      readonly body: Body;
    },
  ): void {
    const isFailure = body?.kind === "Status";
    this.notes.push({
      request: this.#mask(request),
      status,
      contentType: contentType.split(";")[0] ?? "",
      reason: isFailure ? String(body.reason ?? "") : "",
      message: isFailure ? this.#mask(String(body.message ?? "")) : "",
      fields: [...new Set(fieldPaths(body))].sort(),
    });
  }

  /** Replaces what no two runs have in common. */
  #mask(text: string): string {
    return text.replaceAll(this.namespace, "<namespace>")
      .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<uid>")
      .replaceAll(/continue=[^&]+/g, "continue=<token>")
      .replaceAll(/(?<=current: |\()\d+/g, "<revision>")
      .replaceAll(/(?<=resourceVersion=)[1-9]\d+/g, "<revision>");
  }
}

/** The kinds of patches. */
export type PatchType = keyof typeof PATCH_TYPES;

const PATCH_TYPES = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

function fieldPaths(value: Body, path = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldPaths(item, `${path}[]`));
  if (typeof value !== "object" || value === null) return [path];
  // Ownership has paths as keys; it is compared by the cases that are about it.
  if (path.endsWith("managedFields[]")) return [path];
  return Object.entries(value).flatMap(([key, inner]) => fieldPaths(inner, `${path}.${key}`));
}

/** A named exchange, or several that belong together. */
export interface WireCase {
  readonly name: string;
  /** Asserts everything that must hold on either side. */
  readonly run: (wire: Wire) => Promise<void>;
  /**
   * Requests (as noted, by prefix) whose messages are worded by a library or a schema and are therefore
   * not compared; status and reason are.
   */
  readonly looseMessages?: readonly string[];
  /** Needs kube-controller-manager behind a real API server. */
  readonly needsControllers?: boolean;
  /** Needs a user without rights. */
  readonly needsNobody?: boolean;
}
