/** Contrast of text is at least 4.5 : 1, of bars and lines at least 3 : 1, on both backgrounds. */
export const style = `
:root{color-scheme:light dark;--back:#fff;--ink:#1c1e22;--soft:#575c66;--line:#dfe1e6;
--good:#237a4b;--bad:#b3341c;--open:#7d8291;--plain:#2f62c4;--c1:#2f62c4;--c2:#b0480e;--c3:#237a4b;--c4:#7d45b5}
@media(prefers-color-scheme:dark){:root{--back:#16181c;--ink:#e6e8ec;--soft:#a3a9b5;--line:#353941;
--good:#4fb57e;--bad:#ee7355;--open:#858b99;--plain:#7aa2f2;--c1:#7aa2f2;--c2:#f09a5b;--c3:#4fb57e;--c4:#bb90ec}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.75rem 1.25rem 4rem;max-width:64rem;background:var(--back);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
h1{font-size:1.4rem;line-height:1.25;margin:0 0 .25rem}main h1{margin-top:3rem}
h2{font-size:1.1rem;line-height:1.3;margin:2.5rem 0 .15rem}
p{margin:.15rem 0 .6rem;color:var(--soft)}
a{color:var(--plain)}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;margin:.6rem 0;padding:0}
.scroll{overflow-x:auto;position:relative}
.scroll:focus-visible{outline:2px solid var(--plain);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.22rem .5rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:middle}
th.n,td.n{text-align:right;white-space:nowrap}
thead th{font-weight:600}.day{white-space:nowrap}
tbody th{font-weight:400}tbody th,tbody td:not(.n){max-width:24rem}
.long{overflow-wrap:anywhere;min-width:8rem}
td.bar{width:12rem;min-width:6rem;padding-right:0}
td.bar svg{display:block;width:100%;min-width:4rem;height:10px}
.many th,.many td{padding:.22rem .3rem}.full .bar{display:none}
.good{fill:var(--good)}.bad{fill:var(--bad)}.open{fill:var(--open)}.plain{fill:var(--plain)}
.key span{white-space:nowrap;margin-right:.9rem}
.key svg{width:.7rem;height:.7rem;margin-right:.3rem}
figure{margin:.5rem 0 .75rem}
figure svg{display:block;width:100%;height:auto}
figure .narrow{display:none}
.grid{stroke:var(--line)}
.axis,.label{font-size:12px;fill:var(--soft)}
.l1{stroke:var(--c1)}.l2{stroke:var(--c2)}.l3{stroke:var(--c3)}.l4{stroke:var(--c4)}
.t1{fill:var(--c1)}.t2{fill:var(--c2)}.t3{fill:var(--c3)}.t4{fill:var(--c4)}
.series{fill:none;stroke-width:1.75}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.words th,.words td{vertical-align:top}
@media screen and (max-width:40rem){body{padding:1rem .75rem 3rem;font-size:14px}
figure .wide{display:none}figure .narrow{display:block}
th,td{padding:.3rem .25rem;font-size:13px}tr>:first-child{padding-left:0}
tbody tr{position:relative}thead td.bar{display:none}
tbody td.bar{position:absolute;left:0;right:0;bottom:0;width:auto;padding:0;border:0}
td.bar svg{height:3px}
.tall,.tall thead,.tall tbody{display:block}
.tall tr{display:flex;flex-wrap:wrap;border-bottom:1px solid var(--line);padding:.2rem 0}
.tall th,.tall td{border:0;padding:.1rem .6rem .1rem 0}
.tall tr::before{content:"";flex-basis:100%;order:1}
.tall .n{order:2;flex:1 1 0;min-width:0;white-space:normal;padding-right:.2rem;font-size:12px}.tall tbody th{font-weight:600}
.tall .n.day{flex-grow:1.3;white-space:nowrap}.many .n{flex-basis:19%}.full tbody .bar{display:block}
.words,.words tbody,.words tr,.words th,.words td{display:block}.words thead{display:none}
.words tr{border-bottom:1px solid var(--line);padding:.4rem 0}.words th,.words td{border:0;padding:.05rem 0;max-width:none}
.words tbody th{font-weight:600;overflow-wrap:anywhere}.words td{overflow-wrap:anywhere}
.words .for,.words .since{display:inline;color:var(--soft)}
.words .for::before{content:"for "}.words .since::before{content:" since "}}
@media print{:root{color-scheme:light;--back:#fff;--ink:#000;--soft:#444;--line:#bbb;
--good:#237a4b;--bad:#b3341c;--open:#7d8291;--plain:#2f62c4;--c1:#2f62c4;--c2:#b0480e;--c3:#237a4b;--c4:#7d45b5}
body{max-width:none;padding:0;font-size:9.5pt}table{font-size:8pt}th,td{padding:.15rem .22rem}td.bar svg{min-width:2.5rem}
.many th,.many td{padding:.15rem .2rem}.many td.bar{width:5rem}
tr,figure{break-inside:avoid}h2{break-after:avoid}
.scroll{overflow:visible}svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}nav{display:none}}
`
