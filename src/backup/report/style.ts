/** Of a report's page. Colours by variables, for a light room and a dark one; no colour tells what no word or shape does. */
export const style = `
:root { color-scheme: light dark; --page: #f5f6f8; --card: #fff; --ink: #1b1f24; --dim: #59636e; --rule: #d8dde3;
  --ok: #1a7f37; --warning: #9a6700; --critical: #cf222e; --full: #0a53be; --increment: #5b8def; }
@media (prefers-color-scheme: dark) {
  :root { --page: #0e1116; --card: #161b22; --ink: #e6e9ee; --dim: #9aa4b1; --rule: #2d343d;
    --ok: #3fb950; --warning: #d29922; --critical: #f85149; --full: #79b0ff; --increment: #3f73c4; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--page); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.35rem; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: 1.1rem; overflow-wrap: anywhere; }
h3 { margin: 1.1rem 0 .3rem; font-size: .8rem; font-weight: 600; color: var(--dim); }
p { margin: .2rem 0; color: var(--dim); overflow-wrap: anywhere; }
a { color: inherit; }
.shapes { position: absolute; }
.tiles { display: grid; grid-template-columns: repeat(5, 1fr); gap: .6rem; margin: 1rem 0; }
.tiles div { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: .6rem .8rem;
  display: flex; flex-direction: column; }
.tiles dd { margin: 0; font-size: 1.4rem; font-weight: 600; white-space: nowrap; }
.tiles dt { color: var(--dim); font-size: .85rem; }
.tiles .ok dd { color: var(--ok); } .tiles .warning dd { color: var(--warning); } .tiles .critical dd { color: var(--critical); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-size: .8rem; font-weight: 600; color: var(--dim); }
th, td { padding: .4rem .6rem; border-bottom: 1px solid var(--rule); vertical-align: middle; }
tbody tr:last-child td { border-bottom: 0; }
.number { text-align: right; white-space: nowrap; }
.overview, .dataset { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; }
.overview { border-collapse: separate; border-spacing: 0; }
.overview .name { overflow-wrap: anywhere; font-weight: 600; }
.overview td.age { width: 34%; }
td.age div { display: flex; align-items: center; gap: .6rem; }
td.age span { white-space: nowrap; min-width: 4.6rem; }
td.age .none { color: var(--critical); }
.state { display: inline-block; vertical-align: middle; padding: 0 .5rem; border: 1px solid; border-radius: 1rem; font-size: .8rem; font-weight: 600; }
.state.ok { color: var(--ok); } .state.warning { color: var(--warning); } .state.critical, .critical { color: var(--critical); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: 1rem 0; padding: 0; list-style: none;
  color: var(--dim); font-size: .85rem; }
.legend li { display: flex; align-items: center; gap: .3rem; }
.dataset { padding: .9rem 1.1rem 1.1rem; margin: 0 0 1rem; scroll-margin-top: 1rem; }
.scroll { overflow-x: auto; }
.scroll td { white-space: nowrap; font-size: .9rem; }
details { margin-top: .8rem; } summary { cursor: pointer; color: var(--dim); font-size: .85rem; }
svg { display: block; overflow: visible; }
.figure text { fill: var(--dim); font-size: 11px; }
.figure .size { paint-order: stroke; stroke: var(--card); stroke-width: 3px; }
.chain { stroke: var(--rule); stroke-width: 4; stroke-linecap: round; }
.gap { stroke: var(--critical); stroke-width: 2; stroke-dasharray: 3 3; }
.grid { stroke: var(--rule); stroke-width: 1; }
.bar { stroke-width: 4; } .bar.full { stroke: var(--full); } .bar.increment { stroke: var(--increment); }
.bar.broken { stroke: var(--critical); }
#full { fill: var(--full); } #increment { fill: var(--increment); }
#broken, #bad { stroke: var(--critical); stroke-width: 2.2; fill: none; }
#local { stroke: var(--dim); stroke-width: 1.5; fill: none; }
#good { stroke: var(--ok); stroke-width: 1.8; fill: none; }
#age { fill: var(--ink); }
rect.ok { fill: var(--ok); } rect.warning { fill: var(--warning); } rect.critical { fill: var(--critical); }
svg.age { flex: 1 1 0; min-width: 0; }
svg.age rect { opacity: .75; }
@media (max-width: 44rem) {
  body { padding: .7rem; }
  .tiles { grid-template-columns: repeat(3, 1fr); }
  .tiles dd { font-size: 1.1rem; }
  .overview thead { display: none; }
  .overview tbody tr { display: grid; grid-template-columns: 1fr 1fr; padding: .6rem .8rem; border-bottom: 1px solid var(--rule); }
  .overview tbody tr:last-child { border-bottom: 0; }
  .overview td { border: 0; padding: .15rem 0; text-align: left; width: auto; }
  .overview td.age, .overview .name { width: auto; grid-column: 1 / -1; }
  .overview [data-label]::before { content: attr(data-label) " "; color: var(--dim); }
  .dataset { padding: .8rem; }
}
@media print { body { max-width: none; } .dataset { break-inside: avoid; } }
`
