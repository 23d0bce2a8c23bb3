import Diagnostics
package import Formats
package import Foundation

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

    /// Refuses another number of columns than that of the task's texts, and numbers for keys of objects.
    fileprivate func check(isPaired: Bool, in format: DataFormat) throws {
        guard count == (isPaired ? 2 : 1) else {
            throw Failure.usage(
                "found \(count), expected \(isPaired ? "2: the task's texts are pairs" : "1")",
                at: "--columns",
                remedy: "name columns of the first line, or number them from 1: --columns "
                    + (isPaired ? "2,3" : "2"))
        }
        if case .numbers(let numbers) = self, format == .jsonl {
            throw Failure.usage(
                "found the number \(numbers[0]), but the columns of JSON lines have names", at: "--columns",
                remedy: "give the keys: --columns " + (isPaired ? "first,second" : "text"))
        }
    }

    /// The layout of a table whose rows have as many columns as its first.
    fileprivate func layout(_ table: DataTable) throws -> ColumnLayout {
        switch self {
        case .names(let names): return .header(first: names[0], second: names.dropFirst().first)
        case .numbers(let numbers):
            let columns = table.rows.first?.fields.count ?? 0
            if let wrong = numbers.first(where: { !(1...max(1, columns)).contains($0) }) {
                throw Failure.usage(
                    "found column \(wrong), expected 1 to \(columns)", at: "--columns",
                    remedy: "\(table.path):1 has \(columns) columns")
            }
            return .positions(
                first: numbers[0] - 1, second: numbers.dropFirst().first.map { $0 - 1 }, count: columns)
        }
    }
}

extension LanguageTask {
    /// The task's texts in a table without labels, such as lines typed by a user.
    ///
    /// Without columns, CSV and JSON lines have the task's own (``LanguageTask/textNames``), and a line of
    /// another file is a text, or the two texts of a pair.
    package func texts(
        of data: Data, at path: String, format: DataFormat = .tsv, in chosen: TextColumns? = nil
    ) throws -> [Example] {
        let columns = chosen ?? (format == .tsv ? nil : .names(textNames))
        try columns?.check(isPaired: isPaired, in: format)
        var wanted = DataTable.Columns([])
        if case .names(let names) = columns { wanted = DataTable.Columns(names) }
        let table = try DataTable(data, at: path, format: format, columns: wanted)
        let layout =
            try columns?.layout(table)
            ?? .positions(first: 0, second: isPaired ? 1 : nil, count: isPaired ? 2 : 1)
        let form = isPaired ? "a line is two texts with a tab between them" : "a line is one text"
        var reader = ExampleReader(
            columns: layout, output: output, labels: .absent, keepsEmptyText: false, dropsShortLines: false,
            remedy: "give at least one line")
        if columns == nil {
            reader.lineRemedy =
                "\(form): choose columns of a table with --columns"
                + (splits.contains(.test) ? ", or use --split test for the run's own file" : "")
        }
        if chosen == nil, format == .tsv { try refuseOtherFormats(table) }
        let examples = try reader.read(table).examples
        if case .names = columns { return examples }
        if let names = header(in: examples[0]) {
            let list = names.joined(separator: ",")
            throw Failure.data(
                "found a header, \(list), expected \(isPaired ? "two texts" : "a text")", at: "\(path):1",
                remedy: "leave the header out, or choose its columns by name: --columns '\(list)'")
        }
        return examples
    }

    /// The names in the file, in the task's order, if an example is a header; nil for texts.
    private func header(in example: Example) -> [String]? {
        let found = [example.first, example.second].compactMap(\.self)
        let names = found.map(ColumnName.plain)
        for header in textHeaders.map({ $0.map(ColumnName.plain) }) where Set(names) == Set(header) {
            return header.compactMap { name in names.firstIndex(of: name).map { found[$0] } }
        }
        return names.allSatisfy(ColumnName.ofTexts.contains) && Set(names).count == names.count ? found : nil
    }

    /// Refuses lines whose first is the header of a CSV file, or an object with the task's keys.
    private func refuseOtherFormats(_ table: DataTable) throws {
        guard let line = table.rows.first?.fields.joined(separator: "\t") else { return }
        let isObject =
            line.hasPrefix("{")
            && (try? JSONValue(parsing: Data(line.utf8), at: table.path)[textNames[0]]) != nil
        let fields = line.split(separator: ",").map { ColumnName.plain(String($0)) }
        let own = textHeaders.map { $0.map(ColumnName.plain) }
        let known = own.flatMap(\.self) + ColumnName.ofTexts + ColumnName.others
        let isHeader =
            (fields.count > 1 || line.hasPrefix("\""))
            && (table.rows.count > 1 && own.contains { $0.allSatisfy(fields.contains) }
                || fields.allSatisfy(known.contains))
        guard isObject || isHeader else { return }
        throw Failure.data(
            "found \(isObject ? "a JSON object" : "the header of a CSV file"), expected "
                + (isPaired ? "two texts with a tab between them" : "a text"), at: "\(table.path):1",
            remedy: "add --input-format \(isObject ? "jsonl" : "csv")")
    }
}
