/**
 * The style of gnet's pages, within each page. Series colours have a contrast of at least 4.5 : 1 against the
 * background, in light and in dark.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --card: #f5f6f8; --ink: #1a1d21; --muted: #5a626d; --rule: #dfe3e8;
  --accent: #0b5cad; --hit: #2f7fd0; --miss: #d9662b; --warn: #fff4dc; --warn-rule: #c98a00;
  --series-1: #0b5cad; --series-2: #b34700; --series-3: #19703f; --series-4: #8a2f9e; --series-5: #6b5b00; --series-6: #b3195b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --card: #1d2127; --ink: #e7eaee; --muted: #a3adb9; --rule: #323942;
    --accent: #7ab8ff; --hit: #3f8fe0; --miss: #b8551c; --warn: #33290f; --warn-rule: #d9a52b;
    --series-1: #7ab8ff; --series-2: #ff9f5c; --series-3: #62d392; --series-4: #d79bf2; --series-5: #dcc74f; --series-6: #ff8fb8;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem clamp(1rem, 4vw, 3rem) 4rem; max-width: 84rem;
  background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
}
h1 { margin: 0 0 .25rem; font-size: 1.9rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 0 0 1rem; font-size: 1.3rem; }
h3 { margin: 0; font-size: 1rem; }
section { margin-top: 3rem; padding-top: 1.5rem; border-top: 1px solid var(--rule); }
a { color: var(--accent); }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: .875rem; }
nav ul, .legend, .mistakes, .images { list-style: none; margin: 0; padding: 0; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin-top: 1.5rem; }
.subtitle, .note, caption, figcaption { color: var(--muted); }
.subtitle { margin: 0; overflow-wrap: anywhere; }
.note { margin: .5rem 0 0; font-size: .875rem; }
.notice { margin-top: 1.5rem; padding: .75rem 1rem; background: var(--warn); border-left: 4px solid var(--warn-rule); border-radius: 4px; }
.notice ul { margin: 0; padding-left: 1.1rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .75rem; margin: 1.5rem 0 0; }
.facts div { padding: .75rem 1rem; background: var(--card); border-radius: 8px; }
.facts dt { color: var(--muted); font-size: .8125rem; }
.facts dd { margin: 0; font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.facts small { display: block; color: var(--muted); font-size: .8125rem; font-weight: 400; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1.75rem 2.5rem; }
.note + .charts, .note + pre { margin-top: 1rem; }
figure { margin: 0; min-width: 0; }
.chart { display: grid; grid-row: span 3; grid-template-rows: subgrid; row-gap: .25rem; }
.chart h3 { color: var(--ink); }
.chart [role="img"] svg { display: block; width: 100%; height: auto; }
.legend { display: flex; flex-wrap: wrap; gap: 0 1rem; font-size: .875rem; }
.legend li { overflow-wrap: anywhere; }
.swatch { width: 32px; height: 12px; margin-right: .4rem; }
.swatch line { stroke: var(--colour); }
.swatch path { fill: var(--colour); }
.scroll { overflow-x: auto; margin-top: 1rem; }
.scroll:focus-visible, a:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .5rem; font-size: .875rem; }
th, td { padding: .3rem .75rem; text-align: left; border-bottom: 1px solid var(--rule); vertical-align: top; }
thead th { border-bottom: 2px solid var(--rule); color: var(--muted); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 500; }
.number { text-align: right; white-space: nowrap; }
tr.total > * { font-weight: 600; border-top: 2px solid var(--rule); border-bottom: 0; }
.words { white-space: nowrap; }
.value { display: inline-block; max-width: 34rem; white-space: normal; overflow-wrap: anywhere; }
.bar { display: inline-block; width: 4rem; height: .55rem; margin-right: .6rem; background: var(--rule); border-radius: 3px; overflow: hidden; }
.bar i { display: block; height: 100%; width: calc(var(--share) * 100%); background: var(--hit); }
.confusion th, .confusion td { padding: .35rem .5rem; border: 1px solid var(--page); }
.confusion thead th { vertical-align: bottom; text-align: center; }
.confusion tbody th { text-align: right; white-space: nowrap; }
.confusion td { text-align: center; min-width: 2.75rem; }
.confusion .hit { background: color-mix(in srgb, var(--hit) calc(var(--share) * 55%), var(--card)); font-weight: 700; }
.confusion .miss { background: color-mix(in srgb, var(--miss) calc(var(--share) * 75%), var(--card)); }
.confusion .zero { color: var(--muted); }
.confusion.many { font-size: .7rem; }
.confusion.many th, .confusion.many td { padding: .1rem .2rem; min-width: 1.25rem; }
.confusion.many thead th { writing-mode: vertical-rl; transform: rotate(180deg); vertical-align: top; text-align: left; }
.beside { display: flex; flex-wrap: wrap; gap: 1.5rem 3.5rem; margin-top: 2rem; }
.beside > * { min-width: 0; max-width: 100%; }
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); gap: 1rem; margin-top: 1rem; }
.mistakes li { background: var(--card); border-radius: 8px; padding: .6rem; font-size: .875rem; line-height: 1.35; }
.mistakes img { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; image-rendering: pixelated; border-radius: 4px; margin-bottom: .5rem; }
.mistakes b { overflow-wrap: anywhere; }
.mistakes small { color: var(--muted); }
.images { display: flex; flex-wrap: wrap; gap: .4rem; }
.images img { display: block; width: 5rem; height: 5rem; object-fit: contain; image-rendering: pixelated; background: var(--card); border-radius: 4px; }
.examples { margin-top: 1.5rem; display: flex; flex-wrap: wrap; gap: .5rem 2rem; color: var(--muted); font-size: .875rem; }
.examples figcaption { flex-basis: 100%; color: var(--ink); overflow-wrap: anywhere; }
pre { margin: 0; padding: 1rem; background: var(--card); border-radius: 8px; overflow: auto; max-height: 36rem; }
details { margin-top: 1.5rem; }
summary { cursor: pointer; color: var(--accent); }
.verdict { font-size: 1.1rem; max-width: 60rem; }
footer { margin-top: 3rem; color: var(--muted); font-size: .875rem; }
@media print {
  :root { font-size: 11px; }
  body { max-width: none; padding: 0; font-size: 1rem; }
  .charts { grid-template-columns: 1fr 1fr; }
  nav { display: none; }
  pre { max-height: none; white-space: pre-wrap; }
  .scroll { overflow: visible; }
  figure, tr, .mistakes li, .facts div { break-inside: avoid; }
  * { print-color-adjust: exact; }
}
`;
