/** What the parts of the `kube:` backend ask for objects. */

import type { ConfigKind, ConfigObject } from "#lib/kube/config_object.ts";

/** Objects that are served, by where they are. */
export interface ConfigObjects {
  /** Served namespaces, the first one strongest. */
  readonly namespaces: readonly string[];
  /** Served kinds. */
  readonly kinds: readonly ConfigKind[];
  get(kind: ConfigKind, namespace: string, name: string): ConfigObject | undefined;
}
