/** Who asks, and what that name may read. */

import { globTest } from "#lib/format/glob.ts";

/** Somebody who has proved who they are. */
export interface Identity {
  /** For the log. */
  readonly name: string;
  /** Whether an application's configuration may be read. */
  mayRead(application: string): boolean;
}

/** How a proof ended. */
export type Verdict =
  | { readonly kind: "known"; readonly identity: Identity }
  /** Not by this way. */
  | { readonly kind: "unknown" }
  /** It could not be found out now. */
  | { readonly kind: "unavailable"; readonly reason: string };

/** A way to prove who one is by a bearer token. */
export interface Authenticator {
  /** Judges a token; never rejects. */
  verify(token: string): Promise<Verdict>;
}

/** Makes the test of a list of globs, in which `*` is any text and `?` one character; all when empty. */
export function globsTest(globs: readonly string[]): (text: string) => boolean {
  if (globs.length === 0) return () => true;
  const patterns = globs.map(globTest);
  return (text) => patterns.some((matches) => matches(text));
}
