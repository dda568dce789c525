/**
 * Lint rules on imports: which part of the tree may use which, where each npm package lives, which
 * built-in modules are refused. The tables below are the rules; the code only applies them.
 */

import {
  areaOf,
  folderOf,
  type ImportTarget,
  isProduct,
  isTest,
  relativePath,
  resolveImport,
} from "./source_file.ts";

const LEAVES = ["lib/format", "lib/collections", "lib/term"];
const BASE = [...LEAVES, "lib/log", "lib/metrics", "lib/run"];

/** Area of `lib/` → areas it may use beside itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "lib/format": LEAVES,
  "lib/collections": LEAVES,
  "lib/term": LEAVES,
  "lib/http2": LEAVES,
  "lib/log": BASE,
  "lib/metrics": BASE,
  "lib/run": BASE,
  "lib/cli": BASE,
  "lib/kube": [...BASE, "lib/http2"],
  "lib/http": BASE,
  "lib/fs": BASE,
  "lib/amqp": BASE,
  "lib/sql": BASE,
  "lib/flags": [...BASE, "lib/kube", "lib/fs"],
  "lib/grpc_resolver": [...BASE, "lib/kube", "lib/fs"],
};

const MAIN_ALLOWED = ["lib/cli", "lib/run", "lib/term"];

/** Package → path prefixes of the product files that may import it. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  "hono": ["lib/http/", "commands/*/routes"],
  "amqplib": ["lib/amqp/"],
  "mysql2": ["lib/sql/"],
  "node:sqlite": ["lib/sql/"],
  "kysely": ["lib/sql/", "commands/clouddriver/store/"],
  "@grpc/grpc-js": ["lib/grpc_resolver/", "commands/resolve/probe"],
  "js-yaml": ["lib/format/yaml"],
  "smol-toml": ["lib/format/toml"],
  "@stricli/core": ["lib/cli/", "commands/*/mod.ts"],
  "@stricli/auto-complete": ["lib/cli/", "commands/*/mod.ts"],
  "prom-client": ["lib/metrics/"],
  "@logtape/logtape": ["lib/log/"],
  "lru-cache": ["lib/collections/", "commands/serve-config/"],
  "valibot": ["lib/", "commands/"],
  "kubernetes-types": ["lib/", "commands/"],
  "@bufbuild/protobuf": ["commands/serve-config/"],
  "isomorphic-git": ["commands/serve-config/"],
  "fast-check": [],
};

/** Built-in module → path prefixes excepted from the ban; `node.ts` adapters are excepted always. */
const BANNED: Readonly<Record<string, readonly string[]>> = {
  "node:process": [],
  "node:crypto": [],
  "node:path": [],
  // Gunzip of large bodies, for which DecompressionStream takes twice as long.
  "node:zlib": ["lib/kube/"],
  "node:buffer": ["lib/grpc_resolver/", "lib/amqp/", "commands/resolve/probe"],
};

interface FoundImport {
  readonly node: Deno.lint.Node;
  readonly target: ImportTarget;
  readonly isDynamic: boolean;
}

type Check = (path: string, found: FoundImport) => string | undefined;

/** The rules of this file, by name. */
export const importRules: Readonly<Record<string, Deno.lint.Rule>> = {
  "import-table": importRule(checkTable),
  "private-files": importRule(checkPrivate),
  "package-home": importRule(checkHome),
  "banned-import": importRule(checkBanned),
};

function checkTable(path: string, { target, isDynamic }: FoundImport): string | undefined {
  if (target.kind !== "file" || !isProduct(path)) return undefined;
  const to = target.path;
  if (/^(?:tests|tools|bench)\//.test(to) || isTest(to)) {
    return `What ships must not import "${to}"`;
  }
  if (path === "main.ts") {
    const allowed = to === "commands/mod.ts" || MAIN_ALLOWED.includes(areaOf(to)) ||
      !to.includes("/") || isDynamic;
    return allowed ? undefined : `main.ts must not import "${to}" statically`;
  }
  if (path === "commands/mod.ts") {
    const allowed = to.startsWith("lib/") || isDynamic;
    return allowed ? undefined : `The table of commands must import "${to}" lazily`;
  }
  if (to === "main.ts") return "Nothing imports main.ts";
  const from = areaOf(path);
  if (areaOf(to) === from) return undefined;
  if (path.startsWith("commands/")) {
    const allowed = to.startsWith("lib/") || !/^(?:lib|commands)\//.test(to);
    return allowed ? undefined : `Command "${from}" must not import "${to}"`;
  }
  if (!/^(?:lib|commands)\//.test(to)) return undefined;
  const areas = ALLOWED[from];
  if (areas === undefined) return `"${from}" has no line in the import table`;
  return areas.includes(areaOf(to)) ? undefined : `"${from}" must not import "${to}"`;
}

function checkPrivate(path: string, { target }: FoundImport): string | undefined {
  if (target.kind !== "file") return undefined;
  const parts = target.path.split("/");
  const index = parts.findIndex((part) => part.startsWith("_"));
  if (index < 0) return undefined;
  const owner = parts.slice(0, index).join("/");
  // Files inside a private folder use one another freely.
  const isInside = path.startsWith(`${owner}/${parts[index]}/`);
  if (folderOf(path) === owner || isInside) return undefined;
  return `"${target.path}" is private to "${owner}"`;
}

function checkHome(path: string, { target }: FoundImport): string | undefined {
  if (target.kind !== "package" || !isProduct(path)) return undefined;
  const homes = HOMES[target.name];
  if (homes === undefined) {
    return target.name.startsWith("node:") ? undefined : `Package "${target.name}" has no home`;
  }
  if (startsWithAny(path, homes)) return undefined;
  return `Package "${target.name}" must not be imported here; its home: ${
    homes.join(", ") || "tests"
  }`;
}

function checkBanned(path: string, { target }: FoundImport): string | undefined {
  if (target.kind !== "package" || !isProduct(path) || path.endsWith("/node.ts")) return undefined;
  const excepted = BANNED[target.name];
  if (excepted === undefined || startsWithAny(path, excepted)) return undefined;
  return `Module "${target.name}" is banned in what ships`;
}

/** Whether `path` begins with one of `prefixes`, in which `*` stands for one folder name. */
function startsWithAny(path: string, prefixes: readonly string[]): boolean {
  const parts = path.split("/");
  return prefixes.some((prefix) => {
    const concrete = prefix.split("/").map((part, at) => part === "*" ? parts[at] : part);
    return path.startsWith(concrete.join("/"));
  });
}

function importRule(check: Check): Deno.lint.Rule {
  return {
    create(context) {
      const path = relativePath(context.filename);
      if (path === undefined) return {};
      const visit = (node: Deno.lint.Node, specifier: unknown, kind: "static" | "dynamic") => {
        if (typeof specifier !== "string") return;
        const target = resolveImport(specifier, path);
        const message = target && check(path, { node, target, isDynamic: kind === "dynamic" });
        if (message !== undefined) context.report({ node, message });
      };
      return {
        ImportDeclaration: (node) => visit(node, node.source.value, "static"),
        ExportAllDeclaration: (node) => visit(node, node.source.value, "static"),
        ExportNamedDeclaration: (node) => visit(node, node.source?.value, "static"),
        ImportExpression: (node) => visit(node, literal(node.source), "dynamic"),
        TSImportType: (node) => visit(node, literal(node.argument), "static"),
      };
    },
  };
}

function literal(node: { readonly type: string }): unknown {
  if (node.type === "TSLiteralType") {
    return literal((node as unknown as { literal: { type: string } }).literal);
  }
  return node.type === "Literal" ? (node as unknown as { value: unknown }).value : undefined;
}
