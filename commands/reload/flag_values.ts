/** What the flags of reload say, each in the type of its table. */

import type { ResolvedFlags } from "#lib/cli/resolve_flags.ts";
import type { FLAGS } from "./flag_table.ts";

/** Values of the flags. */
export type Values = ResolvedFlags<typeof FLAGS>["values"];
/** Where each value came from. */
export type Sources = ResolvedFlags<typeof FLAGS>["sources"];
