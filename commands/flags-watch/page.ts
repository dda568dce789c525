/**
 * The listing for browsers: `page.html` filled in. Complete without JavaScript; with it, changes appear by themselves.
 * Whatever comes from flags is escaped here, and the policy lets nothing run but the page's own script.
 */

import { escapeHtml } from "#lib/format/html.ts";
import type { FlagSet } from "#lib/flags/flag_set.ts";
import type { ListedFlag, Listing } from "#lib/flags/listing.ts";
import { flagBody } from "#lib/flags/wire.ts";
import TEMPLATE from "./page.html" with { type: "text" };

/** What the page must know beyond the listing. */
export interface PageOptions {
  /** Whether setting needs a token, which the page then asks for. */
  readonly needsToken: boolean;
  /** The query that chose what is listed, with its question mark; empty for all. */
  readonly query: string;
}

const LINKS: readonly (readonly [query: string, text: string])[] = [
  ["?", "all"],
  ["?only_changed=true", "changed"],
  ["?type=dynamic", "dynamic"],
  ["?type=static", "static"],
  ["?format=json", "JSON"],
];

/** The page as an answer. */
export function renderPage(
  flags: FlagSet,
  listing: Listing,
  { needsToken, query }: PageOptions,
): Response {
  // Only what has this number may run or be a style; it is another one each time.
  const nonce = crypto.randomUUID().replaceAll("-", "");
  const listed = listing.flags ?? [];
  const parts: Readonly<Record<string, string>> = {
    nonce,
    title: escapeHtml(flags.name === "" ? "Flags" : `Flags of ${flags.name}`),
    dynamic: listing.checksum_dynamic,
    static: listing.checksum_static,
    links: LINKS.map(([href, text]) => link(href, text, href === (query || "?"))).join("\n"),
    token: needsToken && listing.set_url !== "" ? TOKEN_FIELD : "",
    rows: listed.map((flag) => row(flags, flag, listing.set_url)).join("\n"),
    empty: listed.length === 0 ? "No flags here." : "",
  };
  const html = TEMPLATE.replace(
    /\{\{\s*(\w+)\s*\}\}/g,
    (_whole, name: string) => parts[name] ?? "",
  );
  return new Response(html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy":
        `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; connect-src 'self'; ` +
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      "referrer-policy": "same-origin",
      "x-content-type-options": "nosniff",
    },
  });
}

function link(href: string, text: string, isCurrent: boolean): string {
  return `<a href="${href}"${isCurrent ? ' aria-current="page"' : ""}>${text}</a>`;
}

const TOKEN_FIELD = `<p id="token"><label for="token-value">Token for setting</label>
<input id="token-value" type="password" autocomplete="off"></p>`;

function row(flags: FlagSet, flag: ListedFlag, setUrl: string): string {
  const entry = flags.entry(flag.name);
  const body = entry && flagBody(entry);
  const kind = flag.is_dynamic ? "dynamic" : "static";
  const isSecret = entry?.value.isSecret === true;
  const isSettable = flag.is_dynamic && setUrl !== "";
  const choices = isSecret ? undefined : entry?.value.type.choices;
  const error = body?.error ?? undefined;
  const problem = error === undefined ? "" : `Refused: ${error}`;
  // Named by role as well: on narrow screens rows are blocks, which are no rows for browsers any more.
  return `<tr role="row" data-flag="${escapeHtml(flag.name)}">
<th role="rowheader" scope="row"><code>${escapeHtml(flag.name)}</code><br>
<span class="label changed" data-part="changed"${flag.is_changed ? "" : " hidden"}>changed</span>
<span class="label">${kind}</span>
<p class="description">${escapeHtml(flag.description)}</p></th>
<td role="cell" class="type">${escapeHtml(body?.type ?? "")}</td>
<td role="cell" class="default"><pre>${escapeHtml(flag.default_value)}</pre></td>
<td role="cell" class="value">${
    isSettable ? form(flag, { setUrl, isSecret, choices }) : shown(flag)
  }
<p class="note bad" role="status" data-part="note">${escapeHtml(problem)}</p></td>
</tr>`;
}

function shown({ current_value }: ListedFlag): string {
  return `<pre data-part="value">${lineBreakKept(escapeHtml(current_value))}</pre>`;
}

function form(
  { name, current_value, is_json }: ListedFlag,
  { setUrl, isSecret, choices }: {
    readonly setUrl: string;
    readonly isSecret: boolean;
    readonly choices: readonly string[] | undefined;
  },
): string {
  const value = escapeHtml(current_value);
  const label = `aria-label="New value of ${
    escapeHtml(name)
  }" data-part="value" spellcheck="false"`;
  // A field of one line would drop line breaks.
  const isLong = !isSecret && (is_json || current_value.includes("\n"));
  const field = isLong
    ? `<textarea name="value" rows="6" ${label}>${lineBreakKept(value)}</textarea>`
    : isSecret
    ? `<input name="value" type="password" autocomplete="off" required ${label}>`
    : `<input name="value" value="${value}" ${label}${proposals(name, choices)}`;
  return `<form method="post" action="${escapeHtml(setUrl)}" data-set>
<input type="hidden" name="name" value="${escapeHtml(name)}">
${field}
<button aria-label="Set ${escapeHtml(name)}">Set</button>
</form>`;
}

/** The end of a field's tag, with a list of what may be in it where that is known. */
function proposals(name: string, choices: readonly string[] | undefined): string {
  if (choices === undefined) return ">";
  const id = `choices-${escapeHtml(name)}`;
  const options = choices.map((text) => `<option value="${escapeHtml(text)}"></option>`);
  return ` list="${id}"><datalist id="${id}">${options.join("")}</datalist>`;
}

/** Browsers drop a line break right behind these tags, so one is spent where the text begins with one. */
function lineBreakKept(html: string): string {
  return html.startsWith("\n") ? `\n${html}` : html;
}
