/// The columns of an example's parts in a tab-separated file; files without labels need no label column.
enum ColumnLayout: Sendable {
    /// Names in the header line; other columns are ignored.
    case header(first: String, second: String? = nil, label: String? = nil)
    /// Indices from 0, in a file of `count` columns without a header line.
    case positions(first: Int, second: Int? = nil, label: Int? = nil, count: Int)

    var isPaired: Bool {
        switch self {
        case .header(_, let second, _): second != nil
        case .positions(_, let second, _, _): second != nil
        }
    }
}
