/** `pods/{name}/log`: lines set by the test, with the usual parameters, followed while the test appends. */

import type { Exchange } from "#tests/support/kube_server/exchange.ts";
import { type JsonObject, listAt, textAt } from "#tests/support/kube_server/json.ts";
import { badRequest, invalid } from "#tests/support/kube_server/status.ts";
import { isTrue } from "#tests/support/kube_server/target.ts";

/** Which log. */
export interface LogRef {
  readonly namespace: string;
  readonly pod: string;
  /** Default: the only container. */
  readonly container?: string;
  /** The log of the container's last run. */
  readonly previous?: boolean;
}

interface LogLine {
  readonly atMs: number;
  readonly text: string;
}

/** Logs of all pods of one server. */
export class PodLogs {
  readonly #lines = new Map<string, LogLine[]>();
  readonly #followers = new Map<string, Set<(line: LogLine | undefined) => void>>();
  readonly #now: () => Date;

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** Adds lines; followers get them at once. */
  append(ref: LogRef, ...texts: readonly string[]): void {
    const key = keyOf(ref);
    const lines = this.#lines.get(key) ?? [];
    this.#lines.set(key, lines);
    for (const text of texts) {
      const line = { atMs: this.#now().getTime(), text };
      lines.push(line);
      for (const follower of this.#followers.get(key) ?? []) follower(line);
    }
  }

  /** Ends the streams of followers, as the end of the container does. */
  finish(ref: LogRef): void {
    for (const follower of [...this.#followers.get(keyOf(ref)) ?? []]) follower(undefined);
  }

  /**
   * Answers a request for the log of `pod`.
   *
   * @throws {StatusError} 400 for a wrong container, 422 for wrong numbers
   */
  serve(
    pod: JsonObject,
    { query, exchange }: { readonly query: URLSearchParams; readonly exchange: Exchange },
  ): void {
    const name = textAt(pod, "metadata", "name");
    const container = containerOf(pod, query.get("container") ?? "");
    const tailLines = count(name, { field: "tailLines", text: query.get("tailLines"), least: 0 });
    const limitBytes = count(name, {
      field: "limitBytes",
      text: query.get("limitBytes"),
      least: 1,
    });
    const key = keyOf({
      namespace: textAt(pod, "metadata", "namespace"),
      pod: name,
      container,
      previous: isTrue(query.get("previous")),
    });
    const lines = this.#lines.get(key);
    if (lines === undefined && textAt(pod, "spec", "nodeName") === "") {
      // A pod that runs nowhere has no log; the real server answers just so.
      exchange.text(204, "");
      return;
    }
    const sinceMs = this.#since(query);
    const hasTimestamps = isTrue(query.get("timestamps"));
    const render = ({ atMs, text }: LogLine) =>
      `${hasTimestamps ? `${new Date(atMs).toISOString()} ` : ""}${text}\n`;
    const chosen = (lines ?? []).filter(({ atMs }) => atMs >= sinceMs);
    const text =
      (tailLines === undefined ? chosen : tailLines === 0 ? [] : chosen.slice(-tailLines)).map(
        render,
      ).join("");
    const headers = { "content-type": "text/plain" };
    if (!isTrue(query.get("follow"))) {
      exchange.text(200, limitBytes === undefined ? text : text.slice(0, limitBytes), headers);
      return;
    }
    exchange.startStream(headers);
    exchange.write(text);
    const followers = this.#followers.get(key) ?? new Set();
    this.#followers.set(key, followers);
    const follower = (line: LogLine | undefined) => {
      if (line === undefined) exchange.end();
      else exchange.write(render(line));
    };
    followers.add(follower);
    exchange.onClose(() => followers.delete(follower));
  }

  #since(query: URLSearchParams): number {
    const seconds = query.get("sinceSeconds");
    if (seconds !== null) return this.#now().getTime() - Number(seconds) * 1000;
    const time = query.get("sinceTime");
    return time === null ? 0 : Date.parse(time);
  }
}

function containerOf(pod: JsonObject, asked: string): string {
  const name = textAt(pod, "metadata", "name");
  const names = [
    ...listAt(pod, "spec", "containers"),
    ...listAt(pod, "spec", "initContainers"),
  ].map((container) => textAt(container, "name"));
  if (asked !== "") {
    if (names.includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  const [only = "", ...others] = names;
  if (others.length === 0) return only;
  throw badRequest(
    `a container name must be specified for pod ${name}, choose one of: [${names.join(" ")}]`,
  );
}

function count(
  pod: string,
  { field, text, least }: {
    readonly field: string;
    readonly text: string | null;
    readonly least: number;
  },
): number | undefined {
  if (text === null) return undefined;
  const value = Number(text);
  if (value >= least) return value;
  throw invalid({
    kind: "PodLogOptions",
    name: pod,
    causes: [{
      reason: "FieldValueInvalid",
      message: `Invalid value: ${text}: must be greater than ${
        least === 0 ? "or equal to 0" : "0"
      }`,
      field,
    }],
  });
}

function keyOf({ namespace, pod, container = "", previous = false }: LogRef): string {
  return `${namespace}/${pod}/${container}/${previous}`;
}
