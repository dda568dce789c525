/** Text that must stay text in a page. */

import assert from "node:assert/strict";
import { escapeHtml } from "./html.ts";

Deno.test("escapeHtml() lets neither tags nor attribute values end", () => {
  assert.equal(
    escapeHtml(`<a href="x" title='y'>&amp;</a> é`),
    "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt; é",
  );
});
