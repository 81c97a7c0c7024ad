-- How the report looks: one sheet, for screens in light and dark, narrow and wide, and for paper.

-- Colours; text has a contrast of 4.5 to what is below it.
CREATE FUNCTION xbb._report_colors() RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT '
:root{color-scheme:light dark;
 --page:#f5f6f8;--card:#ffffff;--ink:#18212c;--soft:#55606e;--line:#dce1e8;--edge:#8f9bab;--code:#f0f2f6;
 --good:#17693c;--warn:#855000;--bad:#b0201a;--busy:#1b5ba6;--idle:#55606e;--off:#55606e;--bar:#6f93bd;--on:#ffffff}
@media screen and (prefers-color-scheme:dark){:root{
 --page:#12161c;--card:#1a2029;--ink:#e7ebf1;--soft:#a3aebd;--line:#303945;--edge:#6d7a8b;--code:#222a35;
 --good:#6fcf97;--warn:#e9b35a;--bad:#ff8a80;--busy:#82b6f5;--idle:#a3aebd;--off:#a3aebd;--bar:#5c86b8;--on:#12161c}}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}.busy{color:var(--busy)}.idle,.off{color:var(--idle)}
'
$$;

-- What stands in drawings.
CREATE FUNCTION xbb._report_drawn() RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT '
svg text{font-family:system-ui,-apple-system,"Segoe UI","PingFang SC","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC",sans-serif;fill:var(--ink)}
.box{fill:var(--card);stroke:var(--line)}
.name{font-size:13px;font-weight:600}.sub,.col{font-size:11.5px}svg .sub,svg .col{fill:var(--soft)}.col{font-weight:600;letter-spacing:.04em}
.strip{fill:currentColor}
.link{fill:none;stroke:var(--edge);stroke-width:1.5}
.link.bad{stroke:var(--bad);stroke-dasharray:6 4}.link.warn{stroke:var(--warn);stroke-dasharray:10 3}
.link.idle,.link.off{stroke-dasharray:2 4}
.bar{fill:var(--bar)}.bar.bad{fill:var(--bad)}.bar.warn{fill:var(--warn)}.bar.off{fill:var(--edge)}
.count{font-size:11px;font-weight:600}svg .count{fill:var(--on)}
.axis{stroke:var(--line);stroke-width:1}
.hole{fill:var(--card);stroke:none}.stroke{fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.cut{fill:none;stroke:var(--on);stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}.full{fill:currentColor}
'
$$;

CREATE FUNCTION xbb._report_sheet() RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT '
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI","PingFang SC","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC",sans-serif;font-variant-numeric:tabular-nums}
header,main,footer{max-width:1180px;margin:0 auto;padding:0 24px}
header{padding-top:40px}
.kicker{margin:0;color:var(--soft);font-size:13px}
h1{margin:4px 0 6px;font-size:32px;line-height:1.2;font-weight:650;letter-spacing:-.01em;text-wrap:balance}
.lead{margin:0;color:var(--soft);max-width:68ch}
section{margin-top:44px}
h2{margin:0 0 4px;font-size:20px;line-height:1.3;font-weight:650;letter-spacing:-.005em}
h3{margin:20px 0 6px;font-size:15px;font-weight:650}
.note{margin:0 0 14px;color:var(--soft);font-size:13.5px;max-width:110ch}
.calm{margin:10px 0 0;padding:14px 18px;background:var(--card);border:1px solid var(--line);border-radius:10px;color:var(--soft)}
.meter{display:block;margin:4px 0 0 auto}h2+.wide{margin-top:12px}
.i{width:16px;height:16px;flex:none;vertical-align:-3px}
.state{font-weight:600;white-space:nowrap}.state .i{margin-right:6px}
th bdi,h3 bdi{display:-webkit-inline-box;-webkit-box-orient:vertical;-webkit-line-clamp:3;overflow:hidden;vertical-align:bottom}
dl.sum{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:24px 0 0}
dl.sum div{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 16px}
dl.sum dt{color:var(--soft);font-size:13px}dl.sum dd{margin:0;font-size:24px;font-weight:600;line-height:1.25;letter-spacing:-.01em}
dl.sum small{display:block;color:var(--soft);font-size:13px;font-weight:400;letter-spacing:0}
ol.todo{list-style:none;margin:12px 0 0;padding:0;display:grid;gap:10px}
.todo li{background:var(--card);border:1px solid var(--line);border-left:4px solid currentColor;border-radius:10px;padding:14px 18px}
.todo p{margin:0;color:var(--ink)}.todo .what{font-weight:600;overflow-wrap:anywhere}.todo .why{color:var(--soft);margin-top:2px}
.todo h3{margin:0;font-size:15px;line-height:1.45;color:var(--ink);overflow-wrap:anywhere}.todo .state{margin-right:6px}
pre{margin:10px 0 0;padding:9px 12px;background:var(--code);border-radius:6px;color:var(--ink);white-space:pre-wrap;overflow-wrap:anywhere}
code{font:13px/1.5 ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;user-select:all}
.wide{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:10px}
.wide:focus-visible{outline:2px solid var(--busy);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:14px}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
th,td{padding:9px 12px;text-align:left;vertical-align:top;border-top:1px solid var(--line)}
thead th{border-top:0;color:var(--soft);font-size:12.5px;font-weight:600;white-space:nowrap}
tbody th{font-weight:600;overflow-wrap:anywhere;min-width:9em;max-width:20em}
td.n,thead th.n{text-align:right;white-space:nowrap}td.t{white-space:nowrap}td.w{overflow-wrap:anywhere;min-width:11em;max-width:26em}td.none{color:var(--soft)}
td small,th small{display:block;color:var(--soft);font-size:12.5px;font-weight:400}
figure{margin:12px 0 0;background:var(--card);border:1px solid var(--line);border-radius:10px}
figure .wide{border:0;padding:18px}
figure svg{display:block;width:100%;height:auto}
.flow svg{min-width:940px}.flow.few svg{min-width:620px;max-width:720px}.month svg{min-width:600px}
figcaption{padding:0 18px 14px;color:var(--soft);font-size:13px}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;margin:12px 0 16px;padding:0;color:var(--soft);font-size:13px}
.legend li{display:inline-flex;gap:6px;align-items:center}
footer{margin-top:56px;padding-top:16px;padding-bottom:48px;color:var(--soft);font-size:13px}
'
$$;

-- Narrow screens have each row as a card; paper has no margins of ours, and nothing that is moved.
CREATE FUNCTION xbb._report_places() RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT '
@media screen and (max-width:720px){
 header,main,footer{padding-left:16px;padding-right:16px}header{padding-top:24px}
 h1{font-size:26px}section{margin-top:34px}
 dl.sum{grid-template-columns:1fr 1fr}dl.sum dd{font-size:20px}
 .wide:not(figure .wide){overflow:visible;background:none;border:0}
 table,tbody,tr,th,td{display:block}thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
 tbody tr{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:8px 14px;margin-top:10px}
 tbody th,td{border:0;padding:3px 0;min-width:0;max-width:none}
 td,td.n,td.t,td.w{display:grid;grid-template-columns:minmax(7.5em,36%) 1fr;gap:10px;text-align:left;white-space:normal;min-width:0;max-width:none}
 td.none{display:none}
 td:before{content:attr(data-head);color:var(--soft);font-size:13px}
 td>*{min-width:0}
}
@page{margin:14mm}
@media print{
 body{background:none;font-size:10pt}header,main,footer{max-width:none;padding:0}header{padding-top:0}
 section{margin-top:22pt}h2,h3,thead,.note{break-after:avoid}
 li,tr,figure,.calm,dl.sum div{break-inside:avoid}thead{display:table-header-group}
 .wide{overflow:visible}.flow svg,.flow.few svg,.month svg{min-width:0}
 table{font-size:8.5pt}th,td{padding:4pt 6pt}tbody th,td.w{min-width:9em}td.t{white-space:normal}td.n,.state,time{white-space:nowrap}thead th{white-space:normal;font-size:8pt}td small,th small{font-size:7.5pt}dl.sum dd{font-size:15pt}
 *{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
'
$$;

-- The shapes of the states: they differ without their colours.
CREATE FUNCTION xbb._report_symbols() RETURNS pg_catalog.text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT '<symbol id="i-good" viewBox="0 0 16 16"><circle class="full" cx="8" cy="8" r="7"/><path class="cut" d="M4.8 8.2l2.2 2.3 4.2-4.8"/></symbol>'
    '<symbol id="i-warn" viewBox="0 0 16 16"><path class="full" d="M8 1.2a1.2 1.2 0 0 1 1 .6l6 10.9a1.2 1.2 0 0 1-1 1.8H2a1.2 1.2 0 0 1-1-1.8L7 1.8a1.2 1.2 0 0 1 1-.6z"/><path class="cut" d="M8 5.6v3.6M8 11.9v.1"/></symbol>'
    '<symbol id="i-bad" viewBox="0 0 16 16"><path class="full" d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z"/><path class="cut" d="M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8"/></symbol>'
    '<symbol id="i-busy" viewBox="0 0 16 16"><circle class="stroke" cx="8" cy="8" r="6.1"/><path class="full" d="M6.3 4.9l5 3.1-5 3.1z"/></symbol>'
    '<symbol id="i-idle" viewBox="0 0 16 16"><circle class="stroke" cx="8" cy="8" r="6.1"/></symbol>'
    '<symbol id="i-off" viewBox="0 0 16 16"><circle class="stroke" cx="8" cy="8" r="6.1"/><path class="stroke" d="M5.2 8h5.6"/></symbol>'
$$;
