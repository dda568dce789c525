/**
 * The outer fence: what the runtime lets this process do. The executable starts with every kind, because
 * some duties need all of them; before a command runs, whole kinds it did not ask for are dropped for good.
 * Dropping single hosts or paths from a global grant would change nothing, silently, so that is not offered.
 */

/** Every kind of permission the runtime knows, in the order they are printed. */
export const PERMISSION_KINDS = [
  "read",
  "write",
  "net",
  "env",
  "run",
  "sys",
  "ffi",
  "import",
] as const;

/** One of `PERMISSION_KINDS`. */
export type PermissionKind = typeof PERMISSION_KINDS[number];

/** Kinds a command keeps, each with the hosts, paths or names it will use. */
export type PermissionNeeds = { readonly [K in PermissionKind]?: readonly string[] };

/** State of one kind: `values` null is the whole kind, `[]` nothing. */
export interface KindState {
  readonly state: "granted" | "denied";
  readonly values: readonly string[] | null;
}

/** The part of the runtime's permission interface used here; tests pass a fake. */
export interface PermissionHost {
  query(kind: PermissionKind): "granted" | "denied" | "prompt";
  revoke(kind: PermissionKind): void;
}

/** The real permissions of this process. */
export const runtimePermissions: PermissionHost = {
  query: (kind) => Deno.permissions.querySync(descriptor(kind)).state,
  revoke: (kind) => void Deno.permissions.revokeSync(descriptor(kind)),
};

function descriptor(kind: PermissionKind): Deno.PermissionDescriptor {
  // "import" is a kind of the runtime that its types do not list.
  return { name: kind } as Deno.PermissionDescriptor;
}

/** Drops every kind that `needs` does not name. */
export function dropPermissions(needs: PermissionNeeds, host: PermissionHost): void {
  for (const kind of PERMISSION_KINDS) if (needs[kind] === undefined) host.revoke(kind);
}

/** What is left, asked of the runtime itself. */
export function describeSandbox(host: PermissionHost): Record<PermissionKind, KindState> {
  const states = PERMISSION_KINDS.map((kind) =>
    host.query(kind) === "granted"
      ? [kind, { state: "granted", values: null }]
      : [kind, { state: "denied", values: [] }]
  );
  return Object.fromEntries(states);
}

/** Lines of `--print-permissions`: one kind a line, then what it is for. */
export function formatNeeds(needs: PermissionNeeds): string {
  const width = Math.max(...PERMISSION_KINDS.map((kind) => kind.length));
  const lines = PERMISSION_KINDS.map((kind) => {
    const values = needs[kind];
    if (values === undefined) return `${kind.padEnd(width)}   dropped`;
    return `${kind.padEnd(width)}   kept${values.length === 0 ? "" : `: ${values.join(", ")}`}`;
  });
  return `${lines.join("\n")}\n`;
}
