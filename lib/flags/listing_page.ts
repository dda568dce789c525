/** The listing as a page: plain HTML with its style inside, no script, no request to anywhere else. */

import { escapeHtml } from "#lib/format/html.ts";
import type { ListedFlag, Listing } from "./listing.ts";

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0 auto; max-width: 60rem; padding: 1rem }
article { border: 1px solid #8886; border-radius: .5rem; margin: 1rem 0; padding: 0 1rem 1rem }
h2 { font: 600 1rem ui-monospace, monospace; overflow-wrap: anywhere }
mark { border-radius: 1rem; font: .8rem system-ui, sans-serif; margin-left: .5rem; padding: .1rem .6rem }
dl { display: grid; gap: .25rem 1rem; grid-template-columns: max-content 1fr; margin: 0 }
dt { opacity: .7 }
dd { margin: 0; min-width: 0 }
pre { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap }
input, textarea { box-sizing: border-box; font: inherit; font-family: ui-monospace, monospace; width: 100% }
button { font: inherit; margin-top: .5rem }
`;

/** The page of a listing. Flags that may be set have a form where `set_url` is not empty. */
export function renderListing(listing: Listing): string {
  const flags = listing.flags ?? [];
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Flags</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Flags</h1>
<p>Show <a href="?">all</a>, <a href="?only_changed=true">changed</a>,
<a href="?type=dynamic">dynamic</a> (checksum <code>${listing.checksum_dynamic}</code>),
<a href="?type=static">static</a> (checksum <code>${listing.checksum_static}</code>);
as <a href="?format=json">JSON</a>.</p>
${flags.length === 0 ? "<p>No flags here.</p>" : ""}
${flags.map((flag) => renderFlag(flag, listing.set_url)).join("\n")}
</body>
</html>
`;
}

function renderFlag(flag: ListedFlag, setUrl: string): string {
  const labels = [...(flag.is_changed ? ["changed"] : []), flag.is_dynamic ? "dynamic" : "static"];
  const isSettable = flag.is_dynamic && setUrl !== "";
  return `<article>
<h2>${escapeHtml(flag.name)}${labels.map((label) => `<mark>${label}</mark>`).join("")}</h2>
<dl>
<dt>Description</dt><dd>${escapeHtml(flag.description)}</dd>
<dt>Default</dt><dd><pre>${escapeHtml(flag.default_value)}</pre></dd>
<dt>Current</dt><dd>${
    isSettable ? renderForm(flag, setUrl) : `<pre>${escapeHtml(flag.current_value)}</pre>`
  }</dd>
</dl>
</article>`;
}

function renderForm(flag: ListedFlag, setUrl: string): string {
  const [name, value] = [escapeHtml(flag.name), escapeHtml(flag.current_value)];
  const label = `aria-label="New value of ${name}"`;
  // A newline right behind the tag is dropped by browsers, so one is spent.
  const field = flag.is_json
    ? `<textarea name="value" rows="6" ${label}>\n${value}</textarea>`
    : `<input name="value" value="${value}" ${label}>`;
  return `<form method="post" action="${escapeHtml(setUrl)}">
<input type="hidden" name="name" value="${name}">
${field}
<button>Set</button>
</form>`;
}
