/** Which applications a pushed change concerns (serve-config.md 14.8): by who sent it, then by file names. */

/** A body as far as it is looked at. */
export type PushBody = Readonly<Record<string, unknown>>;

/** Paths that a push names, by the sender that its headers tell; empty when it names none. */
export function pathsOf(headers: Headers, body: PushBody): readonly string[] {
  const is = (name: string, ...values: readonly string[]) =>
    values.includes(headers.get(name) ?? "");
  if (is("x-github-event", "push") || is("x-gogs-event", "push")) return commitPaths(body);
  if (is("x-gitlab-event", "Push Hook") || is("x-git-oschina-event", "Push Hook")) {
    return commitPaths(body);
  }
  if (is("x-gitea-event", "push")) return EVERYTHING;
  if (is("x-event-key", "repo:push", "pullrequest:fulfilled") && headers.has("x-hook-uuid")) {
    const push = body["push"] as PushBody | null | undefined;
    return Array.isArray(push?.["changes"]) ? EVERYTHING : [];
  }
  if (headers.has("x-request-id")) {
    if (is("x-event-key", "pr:merged")) return EVERYTHING;
    if (is("x-event-key", "repo:refs_changed")) {
      return Array.isArray(body["changes"]) ? EVERYTHING : [];
    }
  }
  return textsOf(body["path"]);
}

/** The file that every application inherits from. */
const EVERYTHING = ["application.yml"] as const;

/** Longest name of a file; each of its hyphens may make an application. */
const MAX_NAME_CHARS = 255;
/** Applications that are refreshed one by one; for more it is cheaper to refresh all of them. */
const MAX_APPLICATIONS = 256;
/** Stands for all applications. */
const ALL = "*";

/** Applications of a list of paths, in order, each once; `*` for all, alone when they are too many to name. */
export function applicationsOf(paths: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const path of paths) {
    for (const stem of stemsOf(path.slice(lastSlashOf(path) + 1))) {
      found.add(stem === "application" ? ALL : stem);
      if (found.size > MAX_APPLICATIONS) return [ALL];
    }
  }
  return [...found];
}

/** A file name without its extension, and every shorter one that ends at a hyphen. */
function* stemsOf(name: string): Iterable<string> {
  if (name.length > MAX_NAME_CHARS) return;
  const dot = name.lastIndexOf(".");
  for (let stem = dot < 0 ? name : name.slice(0, dot); stem !== "";) {
    yield stem;
    const hyphen = stem.lastIndexOf("-");
    if (hyphen < 0) return;
    stem = stem.slice(0, hyphen);
  }
}

function lastSlashOf(path: string): number {
  return Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
}

function commitPaths(body: PushBody): readonly string[] {
  const { commits } = body;
  if (!Array.isArray(commits)) return [];
  const paths = commits.flatMap((commit: unknown) =>
    typeof commit === "object" && commit !== null
      ? ["added", "removed", "modified"].flatMap((kind) => textsOf((commit as PushBody)[kind]))
      : []
  );
  return [...new Set(paths)];
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
