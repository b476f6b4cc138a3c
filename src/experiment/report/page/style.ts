/** The look of a report: light and dark by the reader's setting, light on paper. Colours are those of the console, where a test holds them to their contrast. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--sheet:#f6f8f7;--ink:#14201e;--quiet:#51605d;--line:#d9e0de;--axis:#8a9a96;--accent:#0a6b65;--accent-tint:#d3ebe7;--alarm:#b3231a;--alarm-tint:#fbe1dd;--warning:#7d5200;--warning-tint:#f8ebcd;--second:#6a5acd;--met:#7fbab4}
@media (prefers-color-scheme:dark){:root{--paper:#0f1615;--sheet:#161f1e;--ink:#e7eeec;--quiet:#9db0ab;--line:#2a3836;--axis:#5d706c;--accent:#4fcabd;--accent-tint:#10322f;--alarm:#ff8375;--alarm-tint:#3d1815;--warning:#ecb650;--warning-tint:#33270c;--second:#a99bff;--met:#2c7a73}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI","Helvetica Neue","Noto Sans","Liberation Sans",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1160px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:28px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em;text-wrap:balance}
h2{font-size:19px;margin:44px 0 10px;padding-top:14px;border-top:1px solid var(--line)}
h3{font-size:15px;margin:22px 0 6px}
p{margin:0 0 10px;max-width:86ch}
.quiet,figcaption{color:var(--quiet)}
.kicker{color:var(--quiet);font-size:13px;margin:0 0 4px}
.verdict{margin:20px 0 0;padding:16px 20px;border-left:6px solid var(--axis);background:var(--sheet)}
.verdict p{margin:4px 0 0;font-size:17px;line-height:1.4}
.verdict .untested{font-size:14px;color:var(--quiet);margin-top:8px}
.verdict .word{font-weight:650;font-size:13px;letter-spacing:.06em;text-transform:uppercase;margin:0}
.held{border-color:var(--accent);background:var(--accent-tint)}.held .word{color:var(--accent)}
.deviated,.not-reverted{border-color:var(--alarm);background:var(--alarm-tint)}.deviated .word,.not-reverted .word{color:var(--alarm)}
.inconclusive,.halted{border-color:var(--warning);background:var(--warning-tint)}.inconclusive .word,.halted .word{color:var(--warning)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:1px;margin:19px 1px 0}
.figures div{box-shadow:0 0 0 1px var(--line);padding:12px 16px}
.figures dt{color:var(--quiet);font-size:13px;margin:0}
.figures dd{margin:2px 0 0;font-size:24px;line-height:1.2;font-weight:600}
.figures small{display:block;font-size:13px;font-weight:400;color:var(--quiet);margin-top:2px}
figure{margin:16px 0 0}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px;margin:8px 0 0}
th,td{text-align:left;vertical-align:top;padding:7px 14px 7px 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{font-weight:600;color:var(--quiet);font-size:13px;white-space:nowrap}
td.n,th.n{text-align:right;white-space:nowrap;padding-right:20px}
td.w{white-space:nowrap}
code,pre{font:13px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace}
pre{background:var(--sheet);padding:10px 14px;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;margin:8px 0}
.bad{color:var(--alarm);font-weight:600}.good{color:var(--accent);font-weight:600}.doubt{color:var(--warning);font-weight:600}
ul,ol{margin:4px 0 10px;padding-left:22px;max-width:86ch}
li{margin:3px 0;overflow-wrap:anywhere}
.columns>*{min-width:0}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(280px,1fr));gap:0 32px}
details{margin:10px 0 0}summary{cursor:pointer;font-weight:600}
.legend{display:flex;flex-wrap:wrap;gap:4px 20px;font-size:13px;color:var(--quiet);list-style:none;padding:0;margin:8px 0 0;max-width:none}
.legend svg{width:22px;height:12px;vertical-align:-1px;margin-right:6px}
svg.chart{display:block;width:100%;min-width:760px;height:auto}
svg text{font-family:inherit;fill:var(--ink);font-size:12px}
svg .pane{font-weight:600;font-size:13px}svg .unit,svg .tick{fill:var(--quiet);font-size:11.5px}
svg .grid{stroke:var(--line);stroke-width:1}svg .axis{stroke:var(--axis)}
svg .band.fault{fill:var(--warning);opacity:.13}svg .band.outage{fill:var(--alarm);opacity:.12}
svg .met{fill:var(--met)}svg .missed,svg .problem{fill:var(--alarm)}svg .unknown{fill:var(--warning)}
svg .cross{stroke:var(--paper);stroke-width:1.2;fill:none}
svg .action{fill:var(--ink)}svg .probe{fill:var(--axis)}svg .rollback{fill:var(--accent)}svg .fault{fill:var(--warning)}
svg .stack.ok{fill:var(--met)}svg .stack.failed-1{fill:var(--alarm)}svg .stack.failed-2{fill:var(--warning)}svg .stack.failed-3{fill:var(--second)}
svg .proof{stroke:var(--ink);stroke-width:2.5}
svg .line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
svg .line.first{stroke:var(--accent)}svg .line.second{stroke:var(--second)}svg .line.third{stroke:var(--accent);stroke-dasharray:5 4;opacity:.8}svg .line.fourth{stroke:var(--second);stroke-dasharray:5 4;opacity:.8}
@media (max-width:600px){main{padding:20px 14px 48px}h1{font-size:23px}.verdict p{font-size:16px}.figures{grid-template-columns:1fr 1fr}}
@media print{:root{color-scheme:light;--paper:#fff;--sheet:#f6f8f7;--ink:#14201e;--quiet:#51605d;--line:#d9e0de;--axis:#8a9a96;--accent:#0a6b65;--accent-tint:#d3ebe7;--alarm:#b3231a;--alarm-tint:#fbe1dd;--warning:#7d5200;--warning-tint:#f8ebcd;--second:#6a5acd;--met:#7fbab4}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
body{font-size:11pt}main{max-width:none;padding:0}h2{break-after:avoid;margin-top:24pt}figure,tr,.verdict,.figures{break-inside:avoid}svg.chart{min-width:0}.scroll{overflow:visible}details:not([open])>*{display:none}}
@page{margin:16mm 14mm}
`;
