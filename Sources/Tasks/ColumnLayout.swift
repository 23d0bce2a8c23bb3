/// The columns of an example's parts in a tab-separated file.
enum ColumnLayout: Sendable {
    /// Names in the header line; other columns are ignored.
    case header(first: String, second: String? = nil, label: String)
    /// Indices from 0, in a file of `count` columns without a header line.
    case positions(first: Int, label: Int, count: Int)

    var isPaired: Bool {
        if case .header(_, _?, _) = self { true } else { false }
    }
}
