/** Reading a flag against reading an object's field, and what setting one costs. */

import { FlagSet } from "./flag_set.ts";

const flags = new FlagSet();
const limit = flags.int("limit", 5);
const told = flags.int("told", 0);
const plain = { value: 5 };
const sink = { last: 0 };
let next = 0;
told.onChange((_, now) => void (sink.last = now), { sync: true });

const READS = 10_000;
// Sums stay small: beyond 31 bits the engine would measure its own allocations.

Deno.bench({ name: "object field", group: "10,000 reads", baseline: true }, () => {
  let sum = 0;
  for (let at = 0; at < READS; at++) sum += plain.value;
  sink.last = sum;
});

Deno.bench({ name: "flag.value", group: "10,000 reads" }, () => {
  let sum = 0;
  for (let at = 0; at < READS; at++) sum += limit.value;
  sink.last = sum;
});

Deno.bench({ name: "flag.get()", group: "10,000 reads" }, () => {
  let sum = 0;
  for (let at = 0; at < READS; at++) sum += limit.get();
  sink.last = sum;
});

Deno.bench({ name: "flag()", group: "10,000 reads" }, () => {
  let sum = 0;
  for (let at = 0; at < READS; at++) sum += limit();
  sink.last = sum;
});

Deno.bench({ name: "setValue with a sync listener", group: "sets", baseline: true }, () => {
  told.setValue(++next);
});

Deno.bench({ name: "set by name from text", group: "sets" }, () => {
  flags.set("told", String(++next));
});
