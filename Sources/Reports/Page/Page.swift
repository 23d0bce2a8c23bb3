import Formats

/// A self-contained page: no script, and nothing that a browser would request.
struct Page {
    let title: String
    let blocks: [PageBlock]

    var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <link rel="icon" href="data:,">
        <title>\(escaped(title))</title>
        <style>
        \(PageStyle.css)
        </style>
        </head>
        <body>
        <main>
        <h1>\(escaped(title))</h1>
        \(blocks.map(\.html).joined(separator: "\n"))
        </main>
        </body>
        </html>

        """
    }
}

/// A part of a page.
indirect enum PageBlock {
    case heading(String)
    case paragraph(String)
    /// The sentence that a reader takes along.
    case verdict(String)
    case table(TextTable)
    case figure(Figure)
    /// Lines as they are, such as commands.
    case code(String)
    /// Blocks that are hidden until a reader opens them.
    case folded(String, [PageBlock])

    var html: String {
        switch self {
        case .heading(let text): element("h2", [:], escaped(text))
        case .paragraph(let text): element("p", [:], escaped(text))
        case .verdict(let text): element("p", ["class": "verdict"], escaped(text))
        case .table(let table): table.html
        case .figure(let figure): figure.html
        case .code(let text): element("pre", [:], escaped(text))
        case .folded(let title, let blocks):
            element(
                "details", [:],
                element("summary", [:], escaped(title)) + "\n"
                    + blocks.map(\.html).joined(separator: "\n"))
        }
    }
}

extension TextTable {
    /// The table with the first row as its head; it scrolls by itself where the page is narrow.
    var html: String {
        guard let head = rows.first else { return "" }
        func row(_ cells: [String], _ scope: String) -> String {
            let written = cells.enumerated().map { column, text in
                column == 0 || scope == "col"
                    ? element("th", ["scope": column == 0 && scope == "row" ? "row" : "col"], escaped(text))
                    : element("td", [:], escaped(text))
            }
            return element("tr", [:], written.joined())
        }
        let body = rows.dropFirst().map { row($0, "row") }.joined(separator: "\n")
        let table = element(
            "table", ["class": holdsNumbers ? "numbers" : "words"],
            element("thead", [:], row(head, "col")) + "\n" + element("tbody", [:], body))
        return element("div", ["class": "scroll"], table)
    }
}
