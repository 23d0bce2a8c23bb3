import Diagnostics
package import Formats

/// The columns of a table without labels that have a task's texts.
package enum TextColumns: Sendable, Equatable {
    /// Names in the header line.
    case names([String])
    /// Numbers from 1; the table has no header line.
    case numbers([Int])

    /// Parses names or numbers with commas between them.
    package init(_ list: String) {
        let parts = list.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let numbers = parts.compactMap(Int.init)
        self = numbers.count == parts.count ? .numbers(numbers) : .names(parts)
    }

    private var count: Int {
        switch self {
        case .names(let names): names.count
        case .numbers(let numbers): numbers.count
        }
    }

    /// The layout of a table whose lines have as many columns as `top`, its first.
    fileprivate func layout(_ top: TabSeparatedFile.Row?, isPaired: Bool, at path: String) throws
        -> ColumnLayout
    {
        guard count == (isPaired ? 2 : 1) else {
            throw Failure.usage(
                "found \(count), expected \(isPaired ? "2: the task's texts are pairs" : "1")",
                at: "--columns",
                remedy: "name columns of the first line, or number them from 1: --columns "
                    + (isPaired ? "2,3" : "2"))
        }
        switch self {
        case .names(let names): return .header(first: names[0], second: names.dropFirst().first)
        case .numbers(let numbers):
            let columns = top?.fields.count ?? 0
            if let wrong = numbers.first(where: { !(1...max(1, columns)).contains($0) }) {
                throw Failure.usage(
                    "found column \(wrong), expected 1 to \(columns)", at: "--columns",
                    remedy: "\(path):1 has \(columns) columns")
            }
            return .positions(
                first: numbers[0] - 1, second: numbers.dropFirst().first.map { $0 - 1 }, count: columns)
        }
    }
}

extension LanguageTask {
    /// The task's texts in a table without labels, such as lines typed by a user.
    ///
    /// Without columns a line is a text, or the two texts of a pair.
    package func texts(of table: TabSeparatedFile, in columns: TextColumns? = nil) throws -> [Example] {
        let layout =
            try columns?.layout(table.rows.first, isPaired: isPaired, at: table.path)
            ?? .positions(first: 0, second: isPaired ? 1 : nil, count: isPaired ? 2 : 1)
        let form = isPaired ? "a line is two texts with a tab between them" : "a line is one text"
        var reader = ExampleReader(
            columns: layout, output: output, labels: .absent, keepsEmptyText: false, dropsShortLines: false,
            remedy: "give at least one line")
        if columns == nil {
            reader.lineRemedy =
                "\(form): choose columns of a table with --columns, or use --split test for the run's own file"
        }
        return try reader.read(table).examples
    }
}
