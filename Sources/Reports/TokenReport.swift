import Diagnostics
import Formats

/// A number for each token and layer of some texts, as a text table or an HTML page.
package struct TokenReport: Sendable {
    package struct Entry: Sendable {
        package let text: String
        package let tokens: [String]
        /// Indexed by token, then by layer.
        package let values: [[Double]]

        package init(text: String, tokens: [String], values: [[Double]]) {
            (self.text, self.tokens, self.values) = (text, tokens, values)
        }
    }

    package let title: String
    package let layers: [Int]
    package let entries: [Entry]

    /// Each token of an entry needs one number per layer.
    package init(title: String, layers: [Int], entries: [Entry]) {
        precondition(
            entries.allSatisfy { entry in
                entry.tokens.count == entry.values.count
                    && entry.values.allSatisfy { $0.count == layers.count }
            }, "a token needs one number for each layer")
        (self.title, self.layers, self.entries) = (title, layers, entries)
    }

    /// Each text with its table below it, in blocks that are no wider than `width`, if possible.
    package func text(width: Int = .max) -> String {
        entries.map { entry in
            entry.text + "\n" + table(of: entry).aligned(within: width)
        }.joined(separator: "\n\n")
    }

    /// Tokens as rows, layers and their mean as columns.
    func table(of entry: Entry) -> TextTable {
        let rows = zip(entry.tokens, columns(of: entry)).map { token, numbers in
            [token] + numbers.map(Self.number)
        }
        return TextTable([["token"] + headings] + rows, numbers: true)
    }

    private var headings: [String] { layers.map { "layer \($0)" } + ["mean"] }

    /// The rows of a table: each token's numbers by layer, and their mean.
    func columns(of entry: Entry) -> [[Double]] {
        entry.values.map { $0 + [$0.mean ?? 0] }
    }

    /// Four decimals; zero without a sign.
    static func number(_ value: Double) -> String { TextTable.number(value, digits: 4) }
}
