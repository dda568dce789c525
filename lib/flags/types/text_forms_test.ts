/** Web addresses, regular expressions and numbers of bytes as flags. */

import assert from "node:assert/strict";
import { FlagSet } from "../flag_set.ts";
import { bytesSizeType, regexType, urlType } from "./text_forms.ts";

Deno.test("urlType keeps an absolute URL as it was written, and refuses anything else", () => {
  for (const text of ["http://x", "https://user@x:8443/a?b#c", "amqp://mq", "mailto:a@b"]) {
    assert.equal(urlType.format(urlType.parse(text)), text);
  }
  for (const text of ["", "x", "/path", "//host/x", "http://", "http://a b"]) {
    assert.throws(() => urlType.parse(text), /is not an absolute URL$/, text);
  }
});

Deno.test("regexType gives a frozen expression that can be used again and again", () => {
  const regex = regexType.parse("^a/(?i:b)+$");
  assert.ok(Object.isFrozen(regex));
  for (let use = 0; use < 2; use++) {
    assert.deepEqual([regex.test("a/B"), regex.test("A/b")], [true, false]);
  }
  assert.equal(regexType.format(regexType.parse(regexType.format(regex))), regexType.format(regex));
  for (const text of ["(", "[z-a]", "a{2,1}", "\\"]) {
    assert.throws(() => regexType.parse(text), /is not a regular expression$/, text);
  }
});

Deno.test("bytesSizeType reads sizes as Kubernetes and people write them, and prints the largest unit", () => {
  const cases: [text: string, bytes: number, canonical: string][] = [
    ["0", 0, "0"],
    ["512", 512, "512"],
    ["1024", 1024, "1Ki"],
    ["64Ki", 65536, "64Ki"],
    ["64KiB", 65536, "64Ki"],
    ["1.5Mi", 1572864, "1536Ki"],
    ["10MB", 10_000_000, "10000000"],
    ["3B", 3, "3"],
    ["1e3", 1000, "1000"],
    ["4096Gi", 2 ** 42, "4Ti"],
    ["9007199254740991", 2 ** 53 - 1, "9007199254740991"],
  ];
  for (const [text, bytes, canonical] of cases) {
    assert.equal(bytesSizeType.parse(text), bytes, text);
    assert.equal(bytesSizeType.format(bytes), canonical);
  }
  for (const text of ["", "B", "-1", "0.5", "1.3Ki", "1 Mi", "10mb", "9007199254740992", "BB"]) {
    assert.throws(() => bytesSizeType.parse(text), /is not a whole number of bytes/, text);
  }
});

Deno.test("a set declares them, with defaults as values and as texts", () => {
  const flags = new FlagSet();
  const hook = flags.url("hook", "https://x/");
  const skip = flags.regex("skip", /^test-/u);
  const cache = flags.bytesSize("cache", "64Mi", "", {
    validate: (value) => value > 2 ** 30 ? "too much" : undefined,
  });
  assert.deepEqual([hook.value, skip.value.source, cache.value], ["https://x/", "^test-", 2 ** 26]);
  flags.set("skip", "^skip-");
  assert.ok(skip.value.test("skip-1"));
  assert.throws(() => flags.set("cache", "2Gi"), /too much/);
  assert.throws(() => flags.set("hook", "x"), /not an absolute URL/);
  flags.set("cache", "1GiB");
  assert.deepEqual([cache.toString(), cache.isChanged], ["1Gi", true]);
  assert.equal(flags.bytesSize("other", 2048).toString(), "2Ki");
  assert.throws(() => flags.regex("flagged", /x/i), /no flag but "u" is kept/);
});
