/** Which kinds the server has and where they live. Commands with fixed kinds never come here. */

import type { Clock } from "#lib/run/clock.ts";
import type { Logger } from "#lib/log/logger.ts";
import {
  aggregatedResources,
  type ApiResource,
  groupResources,
  type GroupVersion,
  groupVersions,
  namesOf,
} from "./api_resources.ts";
import { KubeApiError, KubeError } from "./errors.ts";
import { headerText } from "./api_error.ts";
import type { Requester } from "./requester.ts";

/** Parts of `Discovery`. */
export interface DiscoveryDeps {
  readonly requester: Requester;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** All that the server offers, best versions first. */
export interface ApiCatalog {
  /** What could be discovered. */
  readonly resources: readonly ApiResource[];
  /** `group/version` of what could not be read, such as a broken aggregated API. */
  readonly failed: readonly string[];
}

const MAX_AGE_MS = 10 * 60_000;
const MIN_REFRESH_MS = 30_000;
const MAX_PARALLEL = 8;
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const AGGREGATED_TYPE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** The server's catalogue, kept for ten minutes. */
export class Discovery {
  readonly #deps: DiscoveryDeps;
  #catalog: Promise<ApiCatalog> | undefined;
  #loadedAtMs = -Infinity;

  constructor(deps: DiscoveryDeps) {
    this.#deps = deps;
  }

  /** Everything; at most ten minutes old. */
  async catalog(): Promise<ApiCatalog> {
    return await this.#load(MAX_AGE_MS);
  }

  /**
   * The resource of a kind.
   *
   * @throws {KubeError} when the server has none
   */
  async byKind(apiVersion: string, kind: string): Promise<ApiResource> {
    const slash = apiVersion.indexOf("/");
    const group = slash < 0 ? "" : apiVersion.slice(0, slash);
    const version = apiVersion.slice(slash + 1);
    return await this.#find(
      `${apiVersion} ${kind}`,
      (resource) =>
        resource.group === group && resource.version === version && resource.kind === kind,
    );
  }

  /**
   * The resource people mean: `pods`, `po`, `Pod`, `deployments.apps`, `deployments.v1.apps`. Ambiguous short
   * forms take the first in the server's order.
   *
   * @throws {KubeError} when the server has none
   */
  async byName(name: string): Promise<ApiResource> {
    const wanted = name.toLowerCase();
    return await this.#find(name, (resource) => namesOf(resource).includes(wanted));
  }

  async #find(what: string, matches: (resource: ApiResource) => boolean): Promise<ApiResource> {
    for (const maxAgeMs of [MAX_AGE_MS, MIN_REFRESH_MS]) {
      const { resources } = await this.#load(maxAgeMs);
      const [found, ...others] = resources.filter(matches);
      if (found === undefined) continue;
      const alternatives = [...new Set(others.map(({ group }) => group))]
        .filter((group) => group !== found.group);
      if (alternatives.length > 0) {
        this.#deps.logger.debug("resource name is ambiguous", { what, alternatives });
      }
      return found;
    }
    throw new KubeError(`Cannot find the resource "${what}": the server does not have it`);
  }

  async #load(maxAgeMs: number): Promise<ApiCatalog> {
    const nowMs = this.#deps.clock.monotonic();
    if (this.#catalog === undefined || nowMs - this.#loadedAtMs >= maxAgeMs) {
      this.#loadedAtMs = nowMs;
      const loading = this.#fetchAll();
      this.#catalog = loading;
      loading.catch(() => {
        if (this.#catalog === loading) this.#catalog = undefined;
      });
    }
    return await this.#catalog;
  }

  async #fetchAll(): Promise<ApiCatalog> {
    const [core, groups] = await Promise.all([this.#fetchRoot("/api"), this.#fetchRoot("/apis")]);
    const resources = [...core.resources, ...groups.resources];
    const failed = [...core.failed, ...groups.failed];
    const pending = [...core.pending, ...groups.pending];
    for (let at = 0; at < pending.length; at += MAX_PARALLEL) {
      const batch = pending.slice(at, at + MAX_PARALLEL);
      const found = await Promise.all(batch.map((entry) => this.#fetchGroup(entry)));
      for (const [index, group] of found.entries()) {
        if (group === undefined) failed.push(batch[index]?.name ?? "");
        else resources.push(...group);
      }
    }
    return { resources, failed };
  }

  async #fetchGroup(entry: GroupVersion): Promise<ApiResource[] | undefined> {
    const { path } = entry;
    try {
      const request = { target: { path }, method: "GET", once: true };
      const { value } = await this.#deps.requester.json(request);
      return groupResources(value, entry);
    } catch (err) {
      // One broken aggregated API must not hide all others.
      if (!(err instanceof KubeApiError)) throw err;
      this.#deps.logger.warn("api group unavailable", { path, err });
      return undefined;
    }
  }

  async #fetchRoot(path: string): Promise<Root> {
    const response = await this.#deps.requester.send({
      target: { path },
      method: "GET",
      accept: `${AGGREGATED_TYPE},application/json`,
    });
    const bytes = await response.bytes(MAX_BODY_BYTES);
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const contentType = headerText(response.headers, "content-type") ?? "";
    if (contentType.includes("APIGroupDiscoveryList")) {
      return { ...aggregatedResources(value), pending: [] };
    }
    return { resources: [], failed: [], pending: groupVersions(value) };
  }
}

interface Root extends ApiCatalog {
  readonly pending: readonly GroupVersion[];
}
