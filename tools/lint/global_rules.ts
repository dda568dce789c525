/** Lint rules on globals: what ships gets its world as arguments instead of reaching for it. */

import { isProduct, relativePath } from "./source_file.ts";

/** Members of `Deno` that only `main.ts`, `lib/run` and the `deno.ts` adapters touch. */
const PROCESS_MEMBERS = new Set([
  "args",
  "env",
  "exit",
  "exitCode",
  "addSignalListener",
  "removeSignalListener",
  "stdin",
  "stdout",
  "stderr",
]);

/** Libraries that run on other runtimes too, and the leaves they are made of. */
const PORTABLE = ["lib/flags/", "lib/grpc_resolver/", "lib/kube/", "lib/http2/", "lib/format/"];

/** Global → why it is refused in the file at `path`; `undefined` when it is fine there. */
const BANNED: Readonly<Record<string, (path: string) => string | undefined>> = {
  console: () => "Write through the logger or the injected streams, not console",
  Intl: () => "Intl is slow to load; format by hand",
  setTimeout: (path) => path === "lib/run/clock.ts" ? undefined : TIMER,
  setInterval: (path) => path === "lib/run/clock.ts" ? undefined : TIMER,
  Buffer: (path) =>
    /^(?:lib\/(?:grpc_resolver|amqp)|commands\/resolve\/probe)/.test(path)
      ? undefined
      : "Use Uint8Array, not Buffer",
};

const TIMER = "Wait on the injected clock, not on timers";

/** The rules of this file, by name. */
export const globalRules: Readonly<Record<string, Deno.lint.Rule>> = {
  "banned-global": {
    create(context) {
      const path = relativePath(context.filename);
      if (path === undefined || !isProduct(path)) return {};
      // The two halves of a shorthand property stand in one place.
      const seen = new Set<number>();
      return {
        Identifier(node) {
          if (!Object.hasOwn(BANNED, node.name) || !isReference(node)) return;
          if (seen.has(node.range[0])) return;
          seen.add(node.range[0]);
          const message = BANNED[node.name]?.(path);
          if (message !== undefined) context.report({ node, message });
        },
      };
    },
  },
  "deno-namespace": {
    create(context) {
      const path = relativePath(context.filename);
      if (path === undefined || !isProduct(path) || path.endsWith("/deno.ts")) return {};
      const isPortable = PORTABLE.some((prefix) => path.startsWith(prefix));
      const ownsProcess = path === "main.ts" || path.startsWith("lib/run/");
      return {
        Identifier(node) {
          if (node.name !== "Deno" || !isReference(node)) return;
          const member = memberName(node.parent);
          if (isPortable) {
            context.report({ node, message: "This library is portable: Deno only in its deno.ts" });
          } else if (!ownsProcess && PROCESS_MEMBERS.has(member)) {
            context.report({ node, message: `Deno.${member} belongs to main.ts and lib/run` });
          }
        },
      };
    },
  },
};

/** Whether an identifier names a value or type in scope rather than a member or a key. */
function isReference(node: Deno.lint.Identifier): boolean {
  const parent = node.parent as unknown as Record<string, unknown> & { readonly type: string };
  const is = (key: string) => isSame(parent[key], node);
  switch (parent.type) {
    case "MemberExpression": {
      // `globalThis.setTimeout` reaches for the same thing.
      const object = parent["object"] as { readonly name?: string };
      return is("object") || parent["computed"] === true || object.name === "globalThis";
    }
    case "TSQualifiedName":
      return is("left");
    case "Property":
    case "PropertyDefinition":
    case "MethodDefinition":
    case "TSPropertySignature":
    case "TSMethodSignature":
    case "TSAbstractMethodDefinition":
    case "TSAbstractPropertyDefinition":
      return parent["computed"] === true || !is("key") || parent["shorthand"] === true;
    case "ImportSpecifier":
    case "ExportSpecifier":
      return false;
    default:
      return true;
  }
}

function isSame(other: unknown, node: Deno.lint.Node): boolean {
  const range = (other as Deno.lint.Node | undefined)?.range;
  return range?.[0] === node.range[0] && range[1] === node.range[1];
}

function memberName(parent: Deno.lint.Node): string {
  if (parent.type === "MemberExpression") {
    const property = parent.property as { readonly name?: string; readonly value?: unknown };
    return property.name ?? String(property.value ?? "");
  }
  return "";
}
