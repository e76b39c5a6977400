import { type Content, type Html, html, trusted } from './html.js';
import { STYLE } from './style.js';

/** The page may load nothing and run nothing; images are within it. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/**
 * A whole page: one file that opens from disk. `generator` is kept in it, so that gnet knows its own pages again.
 * @param policy what a page with scripts may do @param style rules of its own
 */
export function page(
  title: string,
  generator: string,
  body: Content,
  { policy = POLICY, style = '' } = {},
): string {
  const document: Html = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="${generator}">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${trusted(STYLE + style)}</style>
</head>
<body>
${body}
</body>
</html>
`;
  return document.text;
}

/** A section with a heading; the id makes it a place to link to. */
export function section(id: string, title: string, ...content: readonly Content[]): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${content}
</section>
`;
}

/** Sentences on what is not as it should be. */
export function notice(sentences: readonly string[]): Html | null {
  if (sentences.length === 0) return null;
  return html`<div class="notice" role="note"><ul>${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul></div>`;
}

/** Figures with their names, side by side. */
export function facts(entries: readonly (readonly [name: string, value: Content])[]): Html {
  return html`<dl class="facts">${entries.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>`;
}
