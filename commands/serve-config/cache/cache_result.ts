/** What comes of asking for a key: of the replica that owns it, of the backend. */

import type { Entry } from "./entry.ts";
import type { LoadFailure } from "../upstream/upstream.ts";

/** What the owner of a key said; `undefined` when it is this replica, or is to be done without. */
export type OwnerAnswer =
  | { readonly kind: "entry" | "stale"; readonly entry: Entry }
  | LoadFailure
  | undefined;

/** What a load gives to everyone who waited for it. */
export type CacheResult =
  | { readonly kind: "entry"; readonly entry: Entry; readonly via: "backend" | "peer" }
  /** The backend fails; this was its last answer. */
  | { readonly kind: "stale"; readonly entry: Entry }
  | LoadFailure;
