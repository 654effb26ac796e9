/** The look of a case file: quiet, readable in light and dark, on a phone and on paper. */

const light = `color-scheme: light; --paper: #fbfaf7; --card: #fff; --ink: #1d2126; --soft: #626b75; --rule: #e2dfd8; --accent: #a2431d;
  --good: #2f7d4f; --bad: #c0392b; --warn: #9a6b00; --on: #fff;
  --c0: #2b6cb0; --c1: #c05621; --c2: #2f855a; --c3: #805ad5; --c4: #b7791f; --c5: #4a5568;
  --symptom: #c0392b22; --capture: #5a6e821c; --reference: #2f7d4f24;
  --u: #f2e3c6; --k: #cfe3df; --frame: #1d2126; --m1: #f6cfc0; --m2: #f0a78f; --m3: #e67c5f; --m4: #d9543a;
  --l1: #d3dff0; --l2: #adc6e8; --l3: #82a9dc; --l4: #5d8dcd; --edge: #3b7d70;`

const dark = `color-scheme: dark; --paper: #15181b; --card: #1d2125; --ink: #e6e4df; --soft: #98a1ab; --rule: #33393f; --accent: #e8895c;
  --good: #63b886; --bad: #ef7a6b; --warn: #d9a83c; --on: #15181b;
  --c0: #6ba6e8; --c1: #f0965f; --c2: #68c08f; --c3: #b39bf0; --c4: #e0b457; --c5: #a0aec0;
  --symptom: #ef7a6b2e; --capture: #96aabe1c; --reference: #63b88624;
  --u: #4a4130; --k: #2b4642; --frame: #ece9e2; --m1: #5d3a2f; --m2: #7d4433; --m3: #a04a33; --m4: #c4472f;
  --l1: #30415a; --l2: #345078; --l3: #3a629b; --l4: #3f76c4; --edge: #5fa697;`

export const style = `
:root { ${light} }
@media (prefers-color-scheme: dark) { :root { ${dark} } }
* { box-sizing: border-box; } [hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 2rem 1.4rem 4rem; }
h1 { font-size: 1.55rem; line-height: 1.25; margin: .5rem 0 0; overflow-wrap: anywhere; }
h2 { font-size: 1.12rem; margin: 2.6rem 0 .9rem; padding-bottom: .3rem; border-bottom: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; } p { margin: .5rem 0; } p, h3, summary { overflow-wrap: anywhere; } a { color: var(--accent); } small, .soft { color: var(--soft); }
code, pre, td.number { font: .86em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; } code { overflow-wrap: anywhere; }
.verdict { display: inline-block; margin: 0; padding: .1rem .8rem; border-radius: 999px; font-weight: 650; letter-spacing: .04em; color: var(--on); background: var(--warn); }
.verdict.pass { background: var(--good); } .verdict.fail { background: var(--bad); }
.answer { font-size: 1.13rem; line-height: 1.6; border-left: 4px solid var(--accent); padding: .2rem 0 .2rem 1.1rem; margin: 1.3rem 0 0; overflow-wrap: anywhere; }
.next { margin: .9rem 0 0 1.35rem; overflow-wrap: anywhere; } .none { color: var(--soft); font-size: .9rem; }
.warning { border-left: 4px solid var(--warn); padding-left: 1.1rem; overflow-wrap: anywhere; }
.meta { display: flex; flex-wrap: wrap; gap: .2rem 1.8rem; margin: 1.1rem 0 0; font-size: .88rem; }
.meta div { display: flex; gap: .45rem; } .meta dt { color: var(--soft); } .meta dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 1.1rem 0 0; } figcaption { font-size: .88rem; color: var(--soft); margin-bottom: .3rem; overflow-wrap: anywhere; } figcaption code { color: var(--ink); }

.finding { display: flex; gap: .9rem; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: .9rem 1.2rem 1rem; margin: 0 0 1rem; }
.finding > div { flex: 1; min-width: 0; } .rank { margin: 0; font-weight: 700; color: var(--accent); min-width: 1.4rem; }
.statement { margin: 0; overflow-wrap: anywhere; } .tags { margin: .3rem 0 0; font-size: .82rem; color: var(--soft); } .tags b { color: var(--ink); font-weight: 600; }
.unsure { opacity: .9; } details { margin-top: .7rem; } summary { cursor: pointer; color: var(--soft); font-size: .88rem; } details > .finding:first-of-type { margin-top: .8rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--paper); border: 1px solid var(--rule); border-radius: 6px; padding: .7rem .9rem; margin: .5rem 0; }

.plot { position: relative; height: 11rem; margin-left: 4.8rem; border-bottom: 1px solid var(--soft); }
.plot svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
.grid { position: absolute; left: 0; right: 0; border-top: 1px solid var(--rule); } .grid:first-of-type { border-color: transparent; }
.grid span { position: absolute; right: 100%; top: -.62rem; padding-right: .5rem; white-space: nowrap; font: .74rem/1.2rem system-ui, sans-serif; color: var(--soft); }
.ticks { position: relative; height: 1.3rem; margin-left: 4.8rem; } .ticks span { position: absolute; transform: translateX(-50%); font-size: .74rem; color: var(--soft); white-space: nowrap; padding-top: .25rem; }
.ticks span::before { content: ""; position: absolute; top: 0; left: 50%; height: .25rem; border-left: 1px solid var(--soft); }
.line { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; } .line.limit { stroke: var(--bad); stroke-width: 1.3; stroke-dasharray: 6 4; stroke-linecap: butt; }
.c0 { stroke: var(--c0); } .c1 { stroke: var(--c1); } .c2 { stroke: var(--c2); } .c3 { stroke: var(--c3); } .c4 { stroke: var(--c4); } .c5 { stroke: var(--c5); }
i.c0 { background: var(--c0); } i.c1 { background: var(--c1); } i.c2 { background: var(--c2); } i.c3 { background: var(--c3); } i.c4 { background: var(--c4); } i.c5 { background: var(--c5); } i.limit { height: 0 !important; border-top: 2px dashed var(--bad); vertical-align: middle; }
.band { position: absolute; top: 0; bottom: 0; min-width: 1px; background: var(--capture); } .band.symptom { background: var(--symptom); } .band.reference { background: var(--reference); }
.legend { display: flex; flex-wrap: wrap; gap: .15rem 1.1rem; margin: .45rem 0 0; font-size: .8rem; color: var(--soft); overflow-wrap: anywhere; }
.legend i, .dot { position: static; display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .4em; }
.legend i.band { outline: 1px solid var(--rule); }

.timeline { --gutter: 11rem; } .lanes { position: relative; } .behind { position: absolute; inset: 0 0 0 var(--gutter); } .timeline .ticks { margin-left: var(--gutter); border-top: 1px solid var(--soft); }
.lane { position: relative; display: flex; height: 1.35rem; align-items: center; }
.lane > span { flex: none; width: var(--gutter); padding-right: .7rem; text-align: right; font-size: .78rem; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.lane > div { position: relative; flex: 1; height: .85rem; }
.lane i { position: absolute; top: 0; bottom: 0; min-width: 2px; border-radius: 1px; overflow: hidden; white-space: nowrap; font: 600 .66rem/.85rem system-ui, sans-serif; color: var(--on); }
.lane .rung { border-radius: 2px; text-align: center; box-shadow: inset -1px 0 var(--paper); } .lane .phase { background: var(--c5); opacity: .55; } .lane .phase.cut { opacity: .32; }
i.good { background: var(--good); } i.bad { background: var(--bad); } i.mixed { background: linear-gradient(var(--good) 50%, var(--bad) 50%); }
i.tier-read { background: var(--c2); } i.tier-sample { background: var(--c0); } i.tier-trace { background: var(--c3); } i.tier-stop { background: var(--c4); } i.tier-change { background: var(--c1); } .cure { outline: 2px solid var(--ink); }

table { border-collapse: collapse; font-size: .88rem; width: 100%; } th { text-align: left; font-weight: 600; }
td, th { padding: .28rem .9rem .28rem 0; vertical-align: top; border-bottom: 1px solid var(--rule); overflow-wrap: anywhere; }
td.number { text-align: right; white-space: nowrap; overflow-wrap: normal; } th.number { text-align: right; } .scroll th { white-space: nowrap; }
.scroll { overflow-x: auto; } .scroll td { overflow-wrap: break-word; min-width: 3.2rem; max-width: 34rem; } .scroll td.number { min-width: 0; } td:has(.dot), td:has(+ td > .dot) { white-space: nowrap; }
.bars th { width: 34%; font-weight: 400; } .bars td { vertical-align: middle; } .bars td.number { width: 1%; padding: .28rem 0 .28rem .6rem; }
.bars i { display: block; height: .8rem; background: var(--c0); border-radius: 2px; min-width: 2px; } .bars tr:first-child i { background: var(--accent); }
.status-ok { color: var(--good); } .status-failed, .status-timeout { color: var(--bad); } .status-unknown { color: var(--warn); } .status-missing, .status-skipped { color: var(--soft); }

.flame { font: 11px/16px ui-sans-serif, system-ui, sans-serif; cursor: pointer; user-select: none; } .flame > div { position: relative; height: 17px; }
.flame i { position: absolute; height: 16px; padding-left: 3px; font-style: normal; color: var(--frame); background: var(--u); box-shadow: inset -1px 0 var(--card); overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
i.u { background: var(--u); } .flame i.k, i.k { background: var(--k); } .flame i.k { box-shadow: inset -1px 0 var(--card), inset 0 -2px var(--edge); }
.flame i.m1 { background: var(--m1); } .flame i.m2 { background: var(--m2); } .flame i.m3, .flame-key i.m3 { background: var(--m3); } .flame i.m4 { background: var(--m4); }
.flame i.l1 { background: var(--l1); } .flame i.l2 { background: var(--l2); } .flame i.l3, .flame-key i.l3 { background: var(--l3); } .flame i.l4 { background: var(--l4); }
.flame i:hover { filter: brightness(1.08); } .flame i.hit { background: #8e44ad; color: #fff; } .flame-key { margin: 0; } .flame-key i.k { box-shadow: inset 0 -2px var(--edge); }
.flame-bar { display: flex; gap: 1rem; align-items: baseline; min-height: 1.9rem; margin: .9rem 0 0; font-size: .82rem; color: var(--soft); } .flame-bar output { flex: 1; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
.flames figure { margin-top: .3rem; } input { font: inherit; padding: .1rem .5rem; color: var(--ink); background: var(--card); border: 1px solid var(--rule); border-radius: 5px; width: 11rem; max-width: 60vw; }
#facts td:first-child { width: 38%; }

@media (max-width: 640px) {
  main { padding: 1.2rem .9rem 3rem; } .finding { flex-direction: column; gap: .1rem; padding: .7rem .8rem .8rem; } .answer { font-size: 1.04rem; padding-left: .8rem; } .next { margin-left: .95rem; }
  .plot, .ticks { margin-left: 3.9rem; } .ticks span:nth-child(even) { display: none; } .timeline { --gutter: 6.2rem; } .lane > span { font-size: .7rem; padding-right: .4rem; }
  .lane .rung { font-size: 0; } .scroll table { width: max-content; min-width: 100%; } .scroll td { max-width: 15rem; } .plot { height: 9rem; }
}
@page { margin: 14mm 12mm; }
@media print {
  :root { ${light} --paper: #fff; --soft: #444; --rule: #bbb; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } body { font-size: 10.5pt; } main { max-width: none; padding: 0; }
  figure, .lane, tr, .statement, .meta { break-inside: avoid; } h2, h3, figcaption, .tags { break-after: avoid; } .finding { display: block; break-inside: auto; border: 0; border-top: 1px solid var(--rule); border-radius: 0; padding: .5rem 0; }
  .rank { float: left; } .scroll { overflow: visible; } .flames figure { break-inside: auto; } details:not([open]), .flame-bar, .no-print, #facts { display: none; } section:has(#facts) { display: none; }
}
`
