/** The look of a case file: quiet, readable in light and dark, and on paper. */
export const style = `
:root { color-scheme: light dark; --paper: #fbfaf7; --card: #fff; --ink: #1d2126; --soft: #626b75; --rule: #e2dfd8; --accent: #a2431d;
  --good: #2f7d4f; --bad: #c0392b; --warn: #9a6b00; --c0: #2b6cb0; --c1: #c05621; --c2: #2f855a; --c3: #805ad5; --c4: #b7791f; --c5: #4a5568;
  --symptom: rgb(192 57 43 / 13%); --capture: rgb(90 110 130 / 9%); --reference: rgb(47 125 79 / 12%); }
@media (prefers-color-scheme: dark) { :root { --paper: #15181b; --card: #1d2125; --ink: #e6e4df; --soft: #98a1ab; --rule: #33393f; --accent: #e8895c;
  --good: #63b886; --bad: #ef7a6b; --warn: #d9a83c; --c0: #6ba6e8; --c1: #f0965f; --c2: #68c08f; --c3: #b39bf0; --c4: #e0b457; --c5: #a0aec0;
  --symptom: rgb(239 122 107 / 17%); --capture: rgb(150 170 190 / 10%); --reference: rgb(99 184 134 / 13%); } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 2.2rem 1.4rem 4rem; }
h1 { font-size: 1.55rem; line-height: 1.25; margin: .2rem 0 .3rem; } h2 { font-size: 1.12rem; margin: 2.6rem 0 .8rem; padding-bottom: .3rem; border-bottom: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 0 0 .3rem; } a { color: var(--accent); } small, .soft { color: var(--soft); }
code, pre, td.number, .mono { font: .86em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
header .verdict { display: inline-block; padding: .1rem .7rem; border-radius: 999px; font-weight: 650; letter-spacing: .04em; color: #fff; background: var(--warn); }
header .verdict.pass { background: var(--good); } header .verdict.fail { background: var(--bad); }
@media (prefers-color-scheme: dark) { header .verdict { color: #15181b; } }
dl.meta { display: flex; flex-wrap: wrap; gap: .2rem 1.8rem; margin: .7rem 0 0; font-size: .9rem; } dl.meta div { display: flex; gap: .45rem; } dl.meta dt { color: var(--soft); } dl.meta dd { margin: 0; overflow-wrap: anywhere; }
.answer { font-size: 1.13rem; line-height: 1.6; border-left: 4px solid var(--accent); padding: .35rem 0 .35rem 1.1rem; margin: 1.5rem 0 0; overflow-wrap: anywhere; }
.next { margin: .9rem 0 0 1.35rem; color: var(--soft); overflow-wrap: anywhere; }
.finding { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 1rem 1.2rem; margin: 0 0 1rem; }
.finding .head { display: flex; gap: .8rem; align-items: baseline; } .finding .rank { font-weight: 700; color: var(--accent); min-width: 1.5rem; }
.finding .statement { margin: 0; flex: 1; overflow-wrap: anywhere; } .tags { margin: .45rem 0 .2rem 2.3rem; font-size: .82rem; color: var(--soft); } .tags b { color: var(--ink); font-weight: 600; }
.finding .body { margin-left: 2.3rem; } .finding.unsure { opacity: .85; }
figure { margin: .8rem 0 0; } figcaption { font-size: .85rem; color: var(--soft); margin-bottom: .2rem; }
svg { display: block; width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: var(--soft); }
.grid { stroke: var(--rule); } .axis { stroke: var(--soft); } .line { fill: none; stroke-width: 1.7; stroke-linejoin: round; }
.c0 { stroke: var(--c0); background: var(--c0); } .c1 { stroke: var(--c1); background: var(--c1); } .c2 { stroke: var(--c2); background: var(--c2); } .c3 { stroke: var(--c3); background: var(--c3); } .c4 { stroke: var(--c4); background: var(--c4); } .c5 { stroke: var(--c5); background: var(--c5); }
.band { fill: var(--capture); } .band.symptom { fill: var(--symptom); } .band.reference { fill: var(--reference); }
.timeline text.lane { font-size: 11.5px; fill: var(--ink); } .timeline text.inside { font-size: 10px; fill: #fff; }
.phase { fill: var(--c5); opacity: .55; } .phase.cut { opacity: .3; } rect.symptom, i.symptom { fill: var(--bad); background: var(--bad); } .good { fill: var(--good); } .bad { fill: var(--bad); }
.tier-read { fill: var(--c2); background: var(--c2); } .tier-sample { fill: var(--c0); background: var(--c0); } .tier-trace { fill: var(--c3); background: var(--c3); } .tier-stop { fill: var(--c4); background: var(--c4); } .tier-change { fill: var(--c1); background: var(--c1); } .cure { stroke: var(--ink); stroke-width: 2; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: .3rem 0 0; } .legend i { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .35em; }
table { border-collapse: collapse; font-size: .88rem; width: 100%; } th { text-align: left; font-weight: 600; } td, th { padding: .28rem .7rem .28rem 0; vertical-align: top; border-bottom: 1px solid var(--rule); overflow-wrap: anywhere; } td.number { text-align: right; white-space: nowrap; overflow-wrap: normal; }
.bars th { width: 34%; font-weight: 400; } .bars td { width: 50%; vertical-align: middle; } .bars td.number { width: 16%; } .bar { display: block; height: .8rem; background: var(--c0); border-radius: 2px; min-width: 2px; } .bars tr:first-child .bar { background: var(--accent); }
.scroll { overflow-x: auto; } .data td, .data th { overflow-wrap: normal; max-width: 34rem; } details { margin-top: .7rem; } summary { cursor: pointer; color: var(--soft); font-size: .86rem; } pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--paper); border: 1px solid var(--rule); border-radius: 6px; padding: .7rem .9rem; margin: .5rem 0; }
.status-ok { color: var(--good); } .status-failed, .status-timeout { color: var(--bad); } .status-missing, .status-skipped { color: var(--soft); } .none { color: var(--soft); font-size: .88rem; }
.flamegraph { cursor: pointer; } .flamegraph text { fill: #1d2126; pointer-events: none; }
@media print { :root { --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --rule: #bbb; } main { max-width: none; padding: 0; } .finding { break-inside: avoid; } details:not([open]) { display: none; } body { font-size: 11pt; } }
`
