import FoundationEssentials
import Secrets
import Sodium

/// How a page looks: in light and in dark, on a wall and on a telephone.
enum StyleSheet {
    /// The digest of the sheet as a content security policy has it.
    static var digest: String {
        let hex = Array(Digest(of: Array("\(text)".utf8)).hex)
        let bytes = stride(from: 0, to: hex.count, by: 2).compactMap { UInt8(String(hex[$0..<$0 + 2]), radix: 16) }
        return Data(bytes).base64EncodedString()
    }

    static let text: StaticString = """

        :root{color-scheme:light dark;--ground:#fff;--text:#1c2128;--soft:#57606a;--line:#d0d7de;--panel:#f6f8fa;
        --good:#116329;--bad:#a40e26;--waiting:#7d4e00;--live:#1a7f37;--minting:#8250df;--disabled:#9a6700;
        --holds:#0969da;--over:#6e7781;--link:#0550ae}
        @media (prefers-color-scheme:dark){:root{--ground:#0d1117;--text:#e6edf3;--soft:#9da7b3;--line:#30363d;
        --panel:#161b22;--good:#56d364;--bad:#ff9492;--waiting:#e3b341;--live:#3fb950;--minting:#bc8cff;
        --disabled:#d29922;--holds:#58a6ff;--over:#8b949e;--link:#79b8ff}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,sans-serif}
        header,main,footer{max-width:76rem;margin:0 auto;padding:1rem 1.25rem}
        h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}
        h2{font-size:1.25rem;line-height:1.3;margin:2.5rem 0 .5rem;padding-top:.75rem;border-top:2px solid var(--line)}
        h3{font-size:1rem;margin:1.75rem 0 .5rem}
        h1,h2,h3,p,td,th,dd,li{overflow-wrap:anywhere}
        a{color:var(--link)}
        a:focus-visible{outline:3px solid var(--holds);outline-offset:2px}
        footer,.soft{color:var(--soft)}
        code{font:.8125rem/1.5 ui-monospace,monospace}
        time{font-variant-numeric:tabular-nums;white-space:nowrap}
        thead th,td span{overflow-wrap:normal}
        dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.25rem 1.25rem;margin:.75rem 0}
        dt{color:var(--soft)}
        dd{margin:0}
        table{width:100%;border-collapse:collapse;font-size:.875rem}
        caption{text-align:left;color:var(--soft);padding:.75rem 0 .25rem;font-size:.875rem}
        th,td{text-align:left;vertical-align:top;padding:.375rem .75rem .375rem 0;border-bottom:1px solid var(--line)}
        thead th{color:var(--soft);font-weight:600}
        tbody th{font-weight:600}
        .good{color:var(--good)}.bad{color:var(--bad);font-weight:600}.waiting{color:var(--waiting)}
        nav ul{columns:18rem;padding-left:1.25rem;margin:.5rem 0}
        .lines th{width:14rem}.lines .bars{width:45%}
        .lines .words{color:var(--soft);font-size:.8125rem}
        svg{display:block;width:100%;height:1.5rem;overflow:visible}
        rect{stroke-width:2}
        .track{stroke:var(--line);stroke-width:1}
        .live{fill:var(--live);stroke:var(--live)}
        .minting{fill:none;stroke:var(--minting);stroke-dasharray:2 3}
        .disabled{fill:none;stroke:var(--disabled);stroke-dasharray:6 3}
        .holds{fill:var(--holds);stroke:var(--holds)}
        .underWay{fill:none;stroke:var(--holds)}
        .over{fill:var(--over);stroke:var(--over)}
        circle{stroke:var(--ground);stroke-width:2}
        circle.good,circle.plain{fill:var(--text)}circle.waiting{fill:var(--waiting)}circle.bad{fill:var(--bad)}
        .ends{display:flex;justify-content:space-between;gap:1rem;color:var(--soft);font-size:.8125rem;margin:.25rem 0}
        .legend{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:0;margin:.5rem 0;font-size:.8125rem}
        .legend li{display:flex;align-items:center;gap:.5rem}
        .legend svg{width:2rem;height:1rem}
        @media (max-width:46rem){
        header,main,footer{padding:.75rem 1rem}
        dl{grid-template-columns:1fr;gap:0}
        dd{margin:0 0 .5rem}
        thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
        table,caption,tbody,tr,th,td{display:block}
        tr{padding:.5rem 0;border-bottom:1px solid var(--line)}
        th,td{border:0;padding:.125rem 0}
        td[data-label]::before{content:attr(data-label) ": ";color:var(--soft)}
        .lines th,.lines .bars{width:auto}
        .lines td::before{content:none}
        }
        @media print{:root{--ground:#fff;--text:#000}h2{break-before:auto}tr{break-inside:avoid}}

        """
}
