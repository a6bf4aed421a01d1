/** The page's looks: system fonts, both colour schemes, phone and paper. Nothing is loaded. */
export const style = `
:root { color-scheme: light dark; --ink: #1b1c20; --soft: #5b606b; --line: #dcdee3; --paper: #fff;
  --panel: #f6f7f9; --accent: #2f62bd; --warn: #8a5300; --warn-bg: #fff4e0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e8ec; --soft: #a3a8b4; --line: #363a44;
  --paper: #16181d; --panel: #1f2229; --accent: #8ab0ff; --warn: #ffc46b; --warn-bg: #33280f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 50rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .25rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
p { margin: .25rem 0 .75rem; }
a { color: var(--accent); }
.soft { color: var(--soft); }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: .5rem;
  padding: 1.25rem; margin: 1rem 0; }
.warning { background: var(--warn-bg); color: var(--warn); border-radius: .5rem; padding: .75rem 1rem; }
button { font: inherit; padding: .55rem 1.1rem; border-radius: .4rem; cursor: pointer;
  border: 1px solid var(--accent); background: var(--accent); color: var(--paper); }
button.quiet { background: transparent; color: var(--accent); }
button:disabled { opacity: .5; cursor: default; }
a:focus-visible, button:focus-visible, summary:focus-visible {
  outline: 3px solid var(--accent); outline-offset: 2px; }
pre { margin: .5rem 0; padding: .75rem; background: var(--panel); border: 1px solid var(--line);
  border-radius: .4rem; white-space: pre-wrap; overflow-wrap: anywhere; font: .8125rem/1.45 ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; }
td.count, th.count { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.bar { width: 50%; }
rect { fill: var(--accent); }
.wide { table-layout: fixed; font-size: .9rem; }
.wide th:first-child, .wide td:nth-child(2) { width: 30%; }
.wide .inner th { font-weight: 400; padding-left: 1rem; }
ol.events { list-style: none; margin: 0; padding: 0; }
ol.events > li { border-bottom: 1px solid var(--line); padding: .6rem 0; }
.off { font-weight: 600; }
details, dl { margin: .25rem 0 .75rem; }
.panel h2 { margin-top: 0; }
.panel ul { margin: .25rem 0 0; padding-left: 1.25rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt { color: var(--soft); }
dd { margin: 0; }
#live:empty { display: none; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; }
  td.bar, th.bar { display: none; } .wide { display: block; } .wide tr, .wide td, .wide th { display: block; border: 0; padding: .1rem 0; }
  .wide th:first-child, .wide td:nth-child(2) { width: auto; }
  .wide tr { border-bottom: 1px solid var(--line); padding: .5rem 0; } .wide thead { position: absolute; left: -100vw; } }
@media print { body { max-width: none; padding: 0; } form, #live, .screen, details:not([open]) { display: none; }
  a[href^=http]::after { content: ' (' attr(href) ')'; } pre { border: 0; padding: 0; } }
`
