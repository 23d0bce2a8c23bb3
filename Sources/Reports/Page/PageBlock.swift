import Formats

/// A part of a page.
indirect enum PageBlock {
    case heading(String)
    case paragraph(String)
    /// The headline result.
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
