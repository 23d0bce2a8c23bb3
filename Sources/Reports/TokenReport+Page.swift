import Foundation

// The page is one file without scripts or external resources. A number's shade is its share of the largest
// magnitude in its column: each layer has its own shift vector, so numbers are comparable between tokens but
// not between layers.

extension TokenReport {
    /// The report as a self-contained HTML page.
    package func page() -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(escaped(title))</title>
        <style>
        body { font: 16px/1.5 system-ui, sans-serif; color: #111; background: #fff; \
        max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
        h2 { font-size: 1.1rem; margin-top: 2.5rem; }
        .tokens span { display: inline-block; padding: 0 .25rem; margin: 0 .1rem .25rem 0; \
        border-radius: .2rem; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th, td { padding: .1rem .6rem; text-align: right; border-bottom: 1px solid #ddd; }
        th:first-child { text-align: left; }
        </style>
        </head>
        <body>
        <h1>\(escaped(title))</h1>
        <p>\u{3B1} of AdapterBias: how much of a layer's shift each token gets. \
        <span style="\(Self.shade(1))">Orange</span> is positive, \
        <span style="\(Self.shade(-1))">blue</span> negative; the shade is the share of the largest \
        |\u{3B1}| in the same column of all texts. Every layer has its own shift, so numbers and signs \
        are comparable between tokens of a layer, not between layers.</p>
        \(sections.joined(separator: "\n"))
        </body>
        </html>

        """
    }

    private var sections: [String] {
        let all = entries.map(columns)
        let largest = headings.indices.map { column in
            all.joined().reduce(0) { max($0, abs($1[column])) }
        }
        return zip(entries, all).map { entry, rows in
            func shade(_ row: [Double], _ column: Int) -> String {
                Self.shade(largest[column] > 0 ? row[column] / largest[column] : 0)
            }
            let words = zip(entry.tokens, rows).map { token, row in
                "<span style=\"\(shade(row, row.count - 1))\" "
                    + "title=\"mean \(Self.number(row[row.count - 1]))\">"
                    + "\(escaped(token))</span>"
            }
            let lines = zip(entry.tokens, rows).map { token, row in
                let cells = row.indices.map {
                    "<td style=\"\(shade(row, $0))\">\(Self.number(row[$0]))</td>"
                }
                return "<tr><th scope=\"row\">\(escaped(token))</th>\(cells.joined())</tr>"
            }
            let head = (["token"] + headings).map { "<th scope=\"col\">\($0)</th>" }.joined()
            return """
                <section>
                <h2>\(escaped(entry.text))</h2>
                <p class="tokens">\(words.joined(separator: "\n"))</p>
                <div class="scroll"><table>
                <thead><tr>\(head)</tr></thead>
                <tbody>
                \(lines.joined(separator: "\n"))
                </tbody>
                </table></div>
                </section>
                """
        }
    }

    /// The background of a share from −1 to 1, light enough for black text.
    private static func shade(_ share: Double) -> String {
        let opacity = share.isFinite ? String(format: "%.2f", 0.7 * min(1, abs(share))) : "0"
        return "background: rgba(\(share < 0 ? "50, 120, 220" : "240, 140, 20"), \(opacity))"
    }
}
