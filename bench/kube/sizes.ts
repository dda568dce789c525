/** How much `bench/kube.ts` lists and watches. */

/** Objects of a list, 1 KiB each. */
export const OBJECTS = 5000;
/** Objects of a page. */
export const PAGE = 500;
/** Events of a watch, 2 KiB each. Many, so that the compiler's work at its beginning weighs little. */
export const EVENTS = 100_000;
/** Events that the server keeps, and sends again until there are enough. */
export const KEPT_EVENTS = 10_000;
