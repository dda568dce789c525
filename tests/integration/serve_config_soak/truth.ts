/**
 * What is true in a soak of serve-config: objects with versions, and for each the version below which no answer may
 * fall that does not say that it is out of date.
 */

const APPS = ["orders", "billing", "stock", "users", "mail"];
const PROFILES = ["dev", "qa", "prod", "it"];

/** An answer as a client saw it. */
export interface SeenAnswer {
  readonly key: string;
  readonly status: number;
  readonly body: string;
  readonly cacheStatus: string;
  /** Of `floorOf` when the request was sent. */
  readonly floor: number;
}

/** The truth. */
export class Truth {
  readonly #versions = new Map<string, number>();
  readonly #floors = new Map<string, number>();

  /** Applications. */
  get apps(): readonly string[] {
    return APPS;
  }

  /** All objects, or those of one application. */
  keys(app?: string): readonly string[] {
    const apps = app === undefined ? APPS : [app];
    return apps.flatMap((name) => PROFILES.map((profile) => `/${name}-${profile}.yml`));
  }

  /** What the backend has. */
  contentOf(key: string): string {
    return `${key}@${this.versionOf(key)}\n`;
  }

  /** Changes all objects of an application. */
  change(app: string): void {
    for (const key of this.keys(app)) this.#versions.set(key, this.versionOf(key) + 1);
  }

  /** Newest version. */
  versionOf(key: string): number {
    return this.#versions.get(key) ?? 1;
  }

  /** Least version that a request sent now may be answered with. */
  floorOf(key: string): number {
    return this.#floors.get(key) ?? 0;
  }

  /** From now on the newest versions of an application are the least. */
  acknowledge(app: string): void {
    for (const key of this.keys(app)) this.#floors.set(key, this.versionOf(key));
  }

  /** What is wrong with an answer; `undefined` when nothing is. A 502 is for the caller to judge. */
  verdict({ key, status, body, cacheStatus, floor }: SeenAnswer): string | undefined {
    if (status === 502) return undefined;
    if (status !== 200) return `${key}: status ${status} "${body}"`;
    const [, ofKey, version] = /^(.*)@(\d+)\n$/.exec(body) ?? [];
    if (ofKey !== key) return `${key}: body "${body}"`;
    if (Number(version) > this.versionOf(key)) return `${key}: version ${version} from nowhere`;
    if (Number(version) >= floor || cacheStatus.includes("stale-if-error")) return undefined;
    return `${key}: version ${version} after ${floor} was acknowledged (${cacheStatus})`;
  }
}
