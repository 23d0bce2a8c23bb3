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
    /// Markup of its own.
    case markup(String)
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
        case .markup(let text): text
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
