/** How much `bench/kube.ts` lists and watches. */

/** Objects of a list, 1 KiB each. */
export const OBJECTS = 5000;
/** Objects of a page. */
export const PAGE = 500;
/** Events of a watch, 2 KiB each. */
export const EVENTS = 20_000;
