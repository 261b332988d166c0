// The style of report pages.

extension ReportPage {
  /// The style sheet: themes and charts are those of stand-alone charts.
  static var style: String {
    ChartStyle.variables(":root") + ChartStyle.rules + """
      body{margin:0 auto;max-width:1320px;padding:24px 28px 48px;background:var(--paper);color:var(--ink);
       font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
      h1{font-size:28px;line-height:1.2;margin:0 0 4px}
      h2{font-size:20px;margin:40px 0 12px;padding-top:12px;border-top:1px solid var(--grid)}
      p{max-width:75ch;margin:8px 0}
      ul{max-width:100ch;padding-left:20px;margin:8px 0}
      .sentences{font-size:16px}
      .sentences li{margin:4px 0}
      .subtitle,.more,figcaption,footer{color:var(--soft)}
      a{color:var(--c0)}
      nav{display:flex;flex-wrap:wrap;gap:4px 16px;margin-top:12px}
      .figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,560px),1fr));gap:20px;margin:16px 0}
      figure{margin:0;padding:8px;border:1px solid var(--grid);border-radius:8px;break-inside:avoid}
      figure svg{display:block;width:100%;height:auto;max-width:1000px;margin:0 auto}
      figcaption{font-size:13px;padding:2px 8px 4px}
      .key-figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(165px,1fr));gap:12px;margin:16px 0}
      .key-figures div{background:var(--panel);border-radius:8px;padding:12px 14px;break-inside:avoid}
      .key-figures b{display:block;font-size:22px;line-height:1.3;font-variant-numeric:tabular-nums}
      .key-figures span{color:var(--soft);font-size:13px}
      .table{overflow-x:auto;margin:12px 0}
      table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}
      th,td{padding:4px 12px 4px 0;border-bottom:1px solid var(--grid);text-align:left;white-space:nowrap}
      th{color:var(--soft);font-weight:600;border-bottom-color:var(--axis)}
      .number{text-align:right}
      details{margin:12px 0}
      summary{cursor:pointer;color:var(--c0)}
      footer{margin-top:48px;padding-top:12px;border-top:1px solid var(--grid);font-size:13px}
      dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),1fr));gap:2px 24px;margin:0}
      dl div{display:flex;gap:8px;min-width:0}
      dt{flex:none}
      dd{margin:0;color:var(--ink);overflow-wrap:anywhere}
      @media print{body{padding:0;max-width:none}nav,summary{display:none}h2{break-after:avoid}
       .figures{grid-template-columns:1fr 1fr}}

      """
  }
}
