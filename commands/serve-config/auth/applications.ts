/** Which applications a key is about, for the question whether somebody may read it (serve-config.md 14.9). */

import { lastElement } from "../key.ts";

/**
 * Names of each application that the key gives, the strictest reading: `/orders/dev` is `orders`, a file
 * `orders-api-dev.yml` is `orders-api`, or `orders-api-dev` itself. Somebody may read the key who may read one
 * name of each.
 */
export function applicationsOfKey(key: string): readonly (readonly string[])[] {
  const path = key.split("?", 1)[0] ?? "";
  const segments = path.split("/").filter((segment) => segment !== "");
  const last = segments.at(-1) ?? "";
  const isFile = last.includes(".");
  // A text resource of Spring's API begins with application, profile and label.
  if (!isFile && segments.length >= 2 || segments.length >= 4) {
    return (segments[0] ?? "").split(",").map((name) => [name.replaceAll("(_)", "/")]);
  }
  return lastElement(path).split(",").map((name) => {
    const dot = name.lastIndexOf(".");
    const stem = dot < 0 ? name : name.slice(0, dot);
    const hyphen = stem.lastIndexOf("-");
    return hyphen < 0 ? [stem] : [stem.slice(0, hyphen), stem];
  });
}
