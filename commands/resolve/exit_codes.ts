/** Exit statuses (resolve.md 12), and which one counts when several targets have one each. */

/** Statuses by their names. */
export const EXIT_CODES = {
  ok: 0,
  internal: 1,
  usage: 2,
  empty: 3,
  notFound: 4,
  denied: 5,
  unreachable: 6,
  unhealthy: 7,
} as const;

/** Name of a status. */
export type ExitName = keyof typeof EXIT_CODES;

const PRIORITY: readonly ExitName[] = [
  "usage",
  "unreachable",
  "denied",
  "notFound",
  "empty",
  "unhealthy",
  "internal",
  "ok",
];

/** The status of several targets: the first of the priority that any has. */
export function worstOf(names: readonly ExitName[]): number {
  return EXIT_CODES[PRIORITY.find((name) => names.includes(name)) ?? "ok"];
}
