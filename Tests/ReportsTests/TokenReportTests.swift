import Foundation
import Reports
import Testing

@Suite("Numbers by token, as a table and as a page")
struct TokenReportTests {
    static let hostile = [
        "<script>alert(1)</script>", "\"quoted\" & 'single'", "&lt;", "</td>", "日本語", "é\u{301}", "\u{7}bell",
        "#",
    ]

    private let report = TokenReport(
        title: "run: <task>", layers: [0, 2],
        entries: [
            .init(
                text: "a <b>\tc", tokens: ["[CLS]", "a", "##b"],
                values: [[0.5, -1], [0.25, 0.25], [-2, 0]])
        ])

    @Test("The table has tokens as rows, and layers and their mean as aligned columns")
    func table() {
        #expect(
            report.text() == """
                a <b>\tc
                token  layer 0  layer 2     mean
                [CLS]   0.5000  -1.0000  -0.2500
                a       0.2500   0.2500   0.2500
                ##b    -2.0000   0.0000  -1.0000
                """)
    }

    @Test("Zero has no sign after rounding")
    func zeroHasNoSign() {
        let tiny = TokenReport(
            title: "", layers: [1], entries: [.init(text: "x", tokens: ["x"], values: [[-1e-9]])])
        #expect(tiny.text() == "x\ntoken  layer 1    mean\nx       0.0000  0.0000")
    }

    @Test("A report without texts is empty, but its page is complete")
    func noEntries() {
        let empty = TokenReport(title: "t", layers: [], entries: [])
        #expect(empty.text().isEmpty)
        #expect(empty.page().contains("</html>") && !empty.page().contains("<table"))
    }

    @Test("The page contains every token and text, escaped, and no scripts")
    func pageIsEscaped() throws {
        let entries = Self.hostile.map { text in
            TokenReport.Entry(text: text, tokens: Self.hostile, values: Self.hostile.map { _ in [0.5] })
        }
        let page = TokenReport(title: Self.hostile[0], layers: [3], entries: entries).page()
        #expect(!page.contains("<script") && !page.contains("http") && !page.contains("\u{7}"))
        let expected = [
            "&lt;script&gt;alert(1)&lt;/script&gt;", "&quot;quoted&quot; &amp; &#39;single&#39;", "&amp;lt;",
            "&lt;/td&gt;", "日本語", "é\u{301}", "\u{FFFD}bell", "#",
        ]
        for text in expected {
            #expect(page.components(separatedBy: "<th scope=\"row\">\(text)</th>").count == 1 + entries.count)
            #expect(page.contains("<h2>\(text)</h2>"))
            #expect(page.components(separatedBy: ">\(text)</span>").count == 1 + entries.count)
        }
        for tag in ["section", "table", "tr", "td", "th", "p", "div", "span", "body", "html"] {
            let opened =
                page.components(separatedBy: "<\(tag)>").count
                + page.components(separatedBy: "<\(tag) ").count - 2
            #expect(opened == page.components(separatedBy: "</\(tag)>").count - 1, "\(tag)")
        }
    }

    @Test("A cell's shade is its share of the largest magnitude in its column, its colour the sign")
    func shades() {
        let page = report.page()
        // The maxima are 2 in column 0, 1 in the last layer, and 1 in the mean; full opacity is 0.70.
        for cell in [
            "rgba(240, 140, 20, 0.17)\">0.5000</td>", "rgba(50, 120, 220, 0.70)\">-1.0000</td>",
            "rgba(50, 120, 220, 0.70)\">-2.0000</td>", "rgba(240, 140, 20, 0.00)\">0.0000</td>",
            "rgba(50, 120, 220, 0.17)\">-0.2500</td>",
        ] {
            #expect(page.contains(cell), "\(cell)")
        }
        #expect(page.contains("rgba(50, 120, 220, 0.70)\" title=\"mean -1.0000\">##b</span>"))
    }
}
