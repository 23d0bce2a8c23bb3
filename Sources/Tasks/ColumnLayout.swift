import Formats

/// The columns of an example's parts in a table; files without labels need no label column.
enum ColumnLayout: Sendable {
    /// Names in the header line; other columns are ignored.
    case header(first: String, second: String? = nil, label: String? = nil)
    /// Indices from 0, in a file of `count` columns without a header line.
    case positions(first: Int, second: Int? = nil, label: Int? = nil, count: Int)

    /// The names or indices of the texts' columns.
    var texts: [String] {
        switch self {
        case .header(let first, let second, _): [first] + [second].compactMap(\.self)
        case .positions(let first, let second, _, _):
            ["\(first)"] + [second].compactMap { $0.map(String.init) }
        }
    }

    var isPaired: Bool {
        switch self {
        case .header(_, let second, _): second != nil
        case .positions(_, let second, _, _): second != nil
        }
    }

    /// The columns to read from objects.
    func wanted(_ labels: ExampleReader.Labels) -> DataTable.Columns {
        guard case .header(let first, let second, let label) = self else { return DataTable.Columns([]) }
        let texts = [first, second].compactMap(\.self)
        return switch labels {
        case .required: DataTable.Columns(texts + [label].compactMap(\.self))
        case .optional: DataTable.Columns(texts, optional: label)
        case .absent: DataTable.Columns(texts)
        }
    }
}
