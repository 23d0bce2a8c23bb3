/// The look of a page, in light and dark.
///
/// The colours of series are Okabe and Ito's (2008), which colour-blind readers tell apart; dashes tell them
/// apart without colours.
enum PageStyle {
    /// The number of series that look different.
    static let seriesCount = 7

    static let css =
        """
        :root { color-scheme: light dark; --ink: #1c1c1c; --faint: #666; --rule: #d8d8d8; --paper: #fff; \
        --panel: #f5f5f2; --positive: #d55e00; --negative: #0072b2; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e8e8e6; --faint: #a0a0a0; --rule: #444; \
        --paper: #161618; --panel: #222226; --positive: #e8843c; --negative: #4fa3d9; } }
        body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0; }
        main { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
        h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; border-bottom: 1px solid var(--rule); }
        .verdict { font-size: 1.1rem; background: var(--panel); padding: .75rem 1rem; \
        border-left: 4px solid var(--negative); }
        .scroll { overflow-x: auto; margin: .5rem 0 1rem; }
        table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
        th, td { padding: .15rem .7rem; border-bottom: 1px solid var(--rule); text-align: left; \
        white-space: nowrap; }
        .words td { white-space: normal; }
        .numbers th:not(:first-child), .numbers td { text-align: right; }
        tbody th { font-weight: normal; }
        figure { margin: 1rem 0 1.5rem; overflow-x: auto; }
        figcaption { font-weight: 600; margin-bottom: .25rem; }
        svg { display: block; width: 100%; min-width: 34rem; height: auto; background: var(--panel); }
        svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
        svg text.faint { fill: var(--faint); }
        svg .axis { stroke: var(--rule); stroke-width: 1; fill: none; }
        .series { fill: none; stroke-width: 2; stroke-linejoin: round; }
        .positive { fill: var(--positive); } .negative { fill: var(--negative); } .none { fill: none; }
        \(series)
        .tokens span { display: inline-block; padding: 0 .25rem; margin: 0 .1rem .25rem 0; \
        border-radius: .2rem; }
        details { margin: .5rem 0; } summary { cursor: pointer; color: var(--faint); }
        pre { background: var(--panel); padding: .75rem 1rem; overflow-x: auto; font-size: .85rem; }
        @media print {
          details::details-content { content-visibility: visible; } svg, pre { break-inside: avoid; }
        }
        """

    private static let colours = [
        "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c8c8c",
    ]
    private static let dashes = ["none", "7 3", "2 3", "9 3 2 3", "none", "7 3", "2 3"]

    private static var series: String {
        zip(colours, dashes).enumerated().map { index, look in
            ".s\(index) { stroke: \(look.0); stroke-dasharray: \(look.1); } "
                + ".f\(index) { fill: \(look.0); }"
        }.joined(separator: "\n")
    }
}
