import Foundation

// The page is one file without scripts or external resources. A number's shade is its share of the largest
// magnitude in its column: each layer has its own shift vector, so numbers are comparable between tokens but
// not between layers.

extension TokenReport {
    /// The report as a self-contained HTML page.
    package func page() -> String {
        let legend = """
            \u{3B1} of AdapterBias: how much of a layer's shift each token gets. \
            \(element("span", ["style": Self.shade(1)], "Orange")) is positive, \
            \(element("span", ["style": Self.shade(-1)], "blue")) negative; the shade is the share of the \
            largest |\u{3B1}| in the same column of all texts. Every layer has its own shift, so numbers and \
            signs are comparable between tokens of a layer, not between layers.
            """
        return Page(title: title, blocks: [.markup(element("p", [:], legend))] + sections).html
    }

    private var sections: [PageBlock] {
        let all = entries.map(columns)
        // The last column is the mean.
        let largest = (0...layers.count).map { column in
            all.joined().reduce(0) { max($0, abs($1[column])) }
        }
        func shade(_ row: [Double], _ column: Int) -> String {
            Self.shade(largest[column] > 0 ? row[column] / largest[column] : 0)
        }
        return zip(entries, all).flatMap { entry, rows -> [PageBlock] in
            let words = zip(entry.tokens, rows).map { token, row in
                let mean = row.count - 1
                return element(
                    "span", ["style": shade(row, mean), "title": "mean \(Self.number(row[mean]))"],
                    escaped(token))
            }
            return [
                .heading(entry.text),
                .markup(element("p", ["class": "tokens"], words.joined(separator: "\n"))),
                .markup(table(of: entry).html { shade(rows[$0], $1) }),
            ]
        }
    }

    /// The background of a share from −1 to 1, on which black and white text can be read.
    private static func shade(_ share: Double) -> String {
        let opacity = share.isFinite ? String(format: "%.2f", 0.7 * min(1, abs(share))) : "0"
        return "background: rgba(\(share < 0 ? "50, 120, 220" : "240, 140, 20"), \(opacity))"
    }
}
