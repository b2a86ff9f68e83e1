/** The page's whole style: no font and no picture from elsewhere, light and dark, narrow, and on paper. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #f3f5f8; --paper: #ffffff; --ink: #18212c; --soft: #515d6b; --line: #d9dfe6; --track: #e4e9ef;
  --good: #17663a; --good-wash: #e3f4e9; --bad: #b0231b; --bad-wash: #fdecea; --warn: #835000; --warn-wash: #fcf2df;
  --accent: #1d5fae; --accent-soft: #8fb6e3; --quiet: #8593a3; --quiet-wash: #eceff3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e131a; --paper: #161d26; --ink: #e5ebf2; --soft: #a5b1bf; --line: #2b3644; --track: #28323f;
    --good: #62d592; --good-wash: #11301f; --bad: #ff948b; --bad-wash: #3b1a19; --warn: #f0bf66; --warn-wash: #36280f;
    --accent: #6fb1f6; --accent-soft: #3b6ea5; --quiet: #8b98a8; --quiet-wash: #232c37;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1152px; margin: 0 auto; padding: 32px 24px 48px; }
h1, h2, h3, p, dl, dd, ul, figure { margin: 0; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; line-height: 1.3; margin-bottom: 14px; }
h3 { font-size: 1rem; margin: 22px 0 10px; overflow-wrap: anywhere; }
code { font: 0.875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.paper { background: var(--paper); border: 1px solid var(--line); border-radius: 12px; padding: 22px 24px; margin-top: 20px; }
.verdict { border-top: 6px solid var(--tone); padding: 24px; margin-top: 0; }
.kind { color: var(--soft); font-size: 0.8125rem; letter-spacing: 0.06em; text-transform: uppercase; font-weight: 600; }
.headline { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 10px 20px; margin-top: 4px; }
.badge { display: inline-flex; align-items: center; gap: 8px; padding: 6px 16px 6px 12px; border-radius: 999px; background: var(--wash); color: var(--tone); font-weight: 700; font-size: 1.0625rem; white-space: nowrap; }
.badge svg { width: 20px; height: 20px; flex: none; }
.sentence { font-size: 1.125rem; margin-top: 14px; max-width: 76ch; overflow-wrap: anywhere; }
.description { color: var(--soft); margin-top: 4px; overflow-wrap: anywhere; }
.meta { display: flex; flex-wrap: wrap; gap: 4px 28px; margin-top: 16px; padding-top: 14px; border-top: 1px solid var(--line); color: var(--soft); font-size: 0.9rem; }
.meta span { overflow-wrap: anywhere; }
.good { --tone: var(--good); --wash: var(--good-wash); }
.bad { --tone: var(--bad); --wash: var(--bad-wash); }
.warn { --tone: var(--warn); --wash: var(--warn-wash); }
.quiet { --tone: var(--soft); --wash: var(--quiet-wash); }
.cards { display: grid; grid-template-columns: repeat(5, minmax(0, 1fr)); gap: 16px; margin-top: 20px; }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: 12px; padding: 16px 18px; display: flex; flex-direction: column; }
.card h2 { font-size: 0.875rem; font-weight: 600; color: var(--soft); margin: 0; }
.card .value { font-size: 1.625rem; line-height: 1.25; font-weight: 700; margin-top: 4px; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.card .under { font-size: 0.875rem; color: var(--soft); margin-top: auto; padding-top: 8px; }
.card .state { color: var(--tone); font-weight: 600; }
.bar { display: block; width: 100%; height: 10px; margin-top: 10px; overflow: visible; }
.bar .track, .gantt .track { fill: var(--track); }
.bar .fill { fill: var(--tone); }
.bar .mark { stroke: var(--ink); stroke-width: 2; }
.blockers { list-style: none; padding: 0; display: grid; gap: 12px; }
.blockers li { border-left: 4px solid var(--tone); background: var(--wash); border-radius: 0 8px 8px 0; padding: 12px 16px; overflow-wrap: anywhere; }
.blockers .todo { margin-top: 4px; }
.chip { display: inline-block; padding: 1px 10px; border-radius: 999px; background: var(--wash); color: var(--tone); font-size: 0.8125rem; font-weight: 600; white-space: nowrap; }
.blockers .chip { background: var(--paper); margin-right: 4px; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 0.9rem; }
caption { text-align: left; color: var(--soft); padding-bottom: 6px; font-size: 0.875rem; }
th { text-align: left; color: var(--soft); font-weight: 600; font-size: 0.8125rem; vertical-align: bottom; }
th, td { padding: 8px 14px 8px 0; border-bottom: 1px solid var(--line); }
td { vertical-align: top; overflow-wrap: anywhere; }
th:last-child, td:last-child { padding-right: 0; }
tbody tr:last-child td { border-bottom: 0; }
.word { white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.inner { padding-left: 20px; color: var(--soft); }
.reason { display: block; color: var(--soft); font-size: 0.8125rem; }
.facts { display: grid; grid-template-columns: minmax(150px, max-content) minmax(0, 1fr); gap: 7px 24px; font-size: 0.9rem; }
.facts dt { color: var(--soft); }
.facts dd { overflow-wrap: anywhere; }
.plain { padding-left: 20px; display: grid; gap: 6px; overflow-wrap: anywhere; }
.lead { color: var(--soft); margin-bottom: 14px; max-width: 80ch; overflow-wrap: anywhere; }
.after { color: var(--soft); font-size: 0.875rem; margin-top: 10px; overflow-wrap: anywhere; }
.gantt, .chart { display: block; width: 100%; overflow: visible; font-size: 13px; margin-bottom: 16px; }
.gantt text, .chart text { fill: var(--ink); stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; paint-order: stroke; }
.gantt .soft, .chart .soft { fill: var(--soft); font-size: 12px; }
.gantt .group { font-weight: 700; }
.gantt .grid, .chart .grid { stroke: var(--line); stroke-width: 1; }
.gantt .succeeded { fill: var(--accent); }
.gantt .failed { fill: var(--bad); }
.gantt .cancelled { fill: var(--warn); }
.gantt .skipped { fill: var(--quiet); }
.gantt .part { fill: var(--accent-soft); }
.gantt .objective, .chart .objective { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 6 4; }
.gantt .objective-text, .chart .objective-text { fill: var(--bad); font-weight: 600; font-size: 12px; }
.chart .way { stroke: var(--accent); stroke-width: 2; }
.chart .forecast { stroke: var(--warn); stroke-width: 2; stroke-dasharray: 3 4; }
.chart .forecast-text { fill: var(--warn); font-weight: 600; font-size: 12px; }
.chart .point { stroke: var(--paper); stroke-width: 1.5; }
.chart .passed { fill: var(--accent); }
.chart .missed { fill: var(--bad); }
.chart .cross { stroke: var(--bad); stroke-width: 2.5; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; color: var(--soft); font-size: 0.8125rem; margin: 0 0 10px; padding: 0; list-style: none; }
.legend svg.chart { display: inline-block; margin: 0 6px 0 0; width: 14px; height: 14px; vertical-align: -2px; }
footer { color: var(--soft); font-size: 0.875rem; margin-top: 24px; max-width: 92ch; overflow-wrap: anywhere; }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (max-width: 1000px) { .cards { grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); } }
@media (max-width: 640px) {
  main { padding: 12px 12px 32px; }
  .paper, .verdict { padding: 16px; margin-top: 12px; }
  .verdict { margin-top: 0; }
  h1 { font-size: 1.4rem; }
  .sentence { font-size: 1.0625rem; }
  .cards { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 12px; margin-top: 12px; }
  .card { padding: 12px 14px; }
  .card h2 { font-size: 0.8125rem; }
  .card.wide { grid-column: span 2; }
  .card .value { font-size: 1.375rem; }
  .facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .facts dd { margin-bottom: 8px; }
  .stacked thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .stacked, .stacked caption, .stacked tbody, .stacked tr { display: block; }
  .stacked tr { border-bottom: 1px solid var(--line); padding: 9px 0; }
  .stacked tbody tr:last-child { border-bottom: 0; }
  .stacked td, .stacked td:last-child { display: grid; grid-template-columns: 104px minmax(0, 1fr); gap: 12px; border: 0; padding: 2px 0; text-align: left; white-space: normal; }
  .stacked td::before { content: attr(data-label); color: var(--soft); font-size: 0.8125rem; }
  .stacked td.empty { display: none; }
  .stacked td > div { justify-self: start; }
}
@media print {
  :root {
    --page: #ffffff; --paper: #ffffff; --ink: #000000; --soft: #444444; --line: #bbbbbb; --track: #e4e9ef;
    --good: #17663a; --good-wash: #e3f4e9; --bad: #b0231b; --bad-wash: #fdecea; --warn: #835000; --warn-wash: #fcf2df;
    --accent: #1d5fae; --accent-soft: #8fb6e3; --quiet: #8593a3; --quiet-wash: #eceff3;
  }
  @page { margin: 14mm; }
  body { font-size: 11pt; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  .paper { padding: 12px 0; border-width: 1px 0 0; border-radius: 0; }
  .card, .verdict, tr, .blockers li, .gantt, .chart { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  thead { display: table-header-group; }
  .scroll { overflow: visible; }
}
`;
