/** The page: everything escaped, complete without a script, usable with a keyboard and a screen reader. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { FlagSet } from "#lib/flags/flag_set.ts";
import { listingOf } from "#lib/flags/listing.ts";
import { renderPage } from "./page.ts";

async function page(flags: FlagSet, { setUrl = "/set", needsToken = false, query = "" } = {}) {
  const response = renderPage(flags, listingOf(flags, { setUrl }), { needsToken, query });
  return { response, html: await response.text() };
}

Deno.test("renderPage() escapes every text that comes from flags", async () => {
  const hostile = `</textarea><script>alert("1")</script><img src=x onerror='a'>&{{nonce}}$&`;
  const flags = new FlagSet(hostile);
  flags.string(hostile, hostile, hostile);
  flags.json("doc", { [hostile]: hostile }, hostile);
  flags.static.string("still", hostile);
  flags.int("number", 1);
  assert.throws(() => flags.set("number", hostile));
  const { html } = await page(flags);
  assert.equal(html.match(/<script/g)?.length, 1);
  assert.equal(html.match(/<\/textarea>/g)?.length, 1);
  assert.ok(!/<img|onerror='/.test(html));
  // What a flag says is not taken for a place of the template.
  assert.ok(html.includes("&amp;{{nonce}}$&amp;"));
});

Deno.test("renderPage() has no element of a flag's making, whatever the texts", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: fc.constantFrom(..."<>\"'&/=a{}\n$`") }), async (text) => {
      const flags = new FlagSet();
      flags.string("a", text, text);
      const empty = new FlagSet();
      empty.string("a", "x", "x");
      const tags = (html: string) =>
        html.match(/<[a-z!/]+/g)?.join().replaceAll("textarea", "input")
          .replaceAll("</input,", "").replaceAll(",</input", "");
      assert.equal(tags((await page(flags)).html), tags((await page(empty)).html));
    }),
    { numRuns: 50 },
  );
});

Deno.test("renderPage() forbids everything but its own script and style", async () => {
  const { response, html } = await page(new FlagSet());
  const policy = response.headers.get("content-security-policy") ?? "";
  const nonce = /script-src 'nonce-(\w+)'/.exec(policy)?.[1] ?? "";
  assert.ok(nonce.length >= 32);
  assert.match(policy, /^default-src 'none';/);
  assert.ok(!policy.includes("unsafe"));
  // Without a referrer, browsers send the form without its origin, which is refused as cross-site.
  assert.equal(response.headers.get("referrer-policy"), "same-origin");
  assert.equal(html.split(`nonce="${nonce}"`).length, 3);
  const second = await page(new FlagSet());
  assert.notEqual(second.response.headers.get("content-security-policy"), policy);
  assert.ok(!/https?:|\{\{/.test(html));
  assert.ok(!/ on[a-z]+=/.test(html));
});

Deno.test("renderPage() has what the specification wants and what a screen reader needs", async () => {
  const flags = new FlagSet("shop");
  flags.int("limit", 1, "how much");
  flags.json("doc", { a: 1 });
  flags.string("lines", "a\nb");
  flags.static.int("port", 80);
  flags.string("password", "hunter2", "", { secret: true });
  flags.set("limit", "5");
  const { html } = await page(flags);
  for (
    const part of [
      ...['<html lang="en">', "<title>Flags of shop</title>", "<caption>", '<th scope="col">'],
      ...[
        'scope="row">',
        "?format=json",
        "?only_changed=true",
        "?type=dynamic",
        "?type=static",
      ],
      ...['method="post" action="/set"', 'name="name" value="limit"', "how much"],
      ...['aria-label="New value of limit"', 'aria-label="Set limit"', 'role="status"'],
      flags.checksum(({ value }) => value.isDynamic),
    ]
  ) assert.ok(html.includes(part), part);
  assert.equal(html.match(/<form/g)?.length, 4);
  assert.equal(html.match(/<textarea/g)?.length, 2);
  assert.ok(!html.includes("hunter2"));
  assert.equal(html.match(/data-part="changed">/g)?.length, 1);
});

Deno.test("renderPage() has forms only where setting works, and asks for the token it needs", async () => {
  const flags = new FlagSet();
  flags.int("limit", 1);
  assert.ok(!(await page(flags, { setUrl: "" })).html.includes("<form"));
  assert.ok(!(await page(flags)).html.includes('type="password"'));
  assert.match((await page(flags, { needsToken: true })).html, /<label for="token-value">/);
});

Deno.test("renderPage() proposes what a flag may be, where that is known", async () => {
  const flags = new FlagSet();
  flags.logLevel("level", "info");
  flags.enum("mode", "fast", "", { values: ["slow", "fast"] });
  flags.string("text", "");
  const { html } = await page(flags);
  assert.match(
    html,
    /value="info"[^>]* list="choices-level"><datalist id="choices-level"><option value="debug">/,
  );
  assert.match(
    html,
    /<datalist id="choices-mode"><option value="slow"><\/option><option value="fast">/,
  );
  assert.equal(html.match(/<datalist/g)?.length, 2);
});

Deno.test("renderPage() names the filter in force", async () => {
  const current = async (query: string) =>
    /<a href="([^"]*)" aria-current="page">/.exec((await page(new FlagSet(), { query })).html)?.[1];
  assert.equal(await current(""), "?");
  assert.equal(await current("?type=static"), "?type=static");
  assert.equal(await current("?type=other"), undefined);
});
