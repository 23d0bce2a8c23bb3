import Formats

extension TextTable {
    /// The table with the first row as its head; it scrolls by itself where the page is narrow.
    var html: String { html { _, _ in nil } }

    /// The table; `style` has the style of a cell by its row below the head and its column after the first.
    func html(style: (_ row: Int, _ column: Int) -> String?) -> String {
        guard let head = rows.first else { return "" }
        let heads = head.map { element("th", ["scope": "col"], escaped($0)) }
        let body = rows.dropFirst().enumerated().map { row, cells in
            let written = cells.enumerated().map { column, text in
                column == 0
                    ? element("th", ["scope": "row"], escaped(text))
                    : element("td", style(row, column - 1).map { ["style": $0] } ?? [:], escaped(text))
            }
            return element("tr", [:], written.joined())
        }
        let table = element(
            "table", ["class": holdsNumbers ? "numbers" : "words"],
            element("thead", [:], element("tr", [:], heads.joined())) + "\n"
                + element("tbody", [:], body.joined(separator: "\n")))
        return element("div", ["class": "scroll"], table)
    }
}
