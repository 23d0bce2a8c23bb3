import Formats

/// How strongly an adapter acts on each token of some texts, layer by layer: as a text table, and as a page.
package struct TokenReport: Sendable {
    /// One text's tokens and numbers.
    package struct Entry: Sendable {
        /// The text as it was given.
        package let text: String
        /// Its tokens.
        package let tokens: [String]
        /// The numbers by token, then by layer.
        package let values: [[Double]]

        /// Joins tokens with their numbers.
        package init(text: String, tokens: [String], values: [[Double]]) {
            self.text = text
            self.tokens = tokens
            self.values = values
        }
    }

    /// What the report is about, such as the run and the task.
    package let title: String
    /// The layers that the numbers belong to.
    package let layers: [Int]
    /// The texts.
    package let entries: [Entry]

    /// Makes a report; each token of an entry has a number for each layer.
    package init(title: String, layers: [Int], entries: [Entry]) {
        precondition(
            entries.allSatisfy { entry in
                entry.tokens.count == entry.values.count
                    && entry.values.allSatisfy { $0.count == layers.count }
            }, "a token needs one number for each layer")
        self.title = title
        self.layers = layers
        self.entries = entries
    }

    /// The texts one below the other, each with a table: tokens as rows, layers and their mean as columns.
    package func text() -> String {
        entries.map { entry in
            let rows = zip(entry.tokens, columns(of: entry)).map { token, numbers in
                [token] + numbers.map(Self.number)
            }
            return entry.text + "\n" + TextTable([["token"] + headings] + rows, numbers: true).aligned
        }.joined(separator: "\n\n")
    }

    /// The headings of the columns.
    var headings: [String] { layers.map { "layer \($0)" } + ["mean"] }

    /// The numbers of each token: one for each layer, and their mean.
    func columns(of entry: Entry) -> [[Double]] {
        entry.values.map { $0 + [$0.reduce(0, +) / Double(max(1, $0.count))] }
    }

    /// Four decimals; what rounds to zero has no sign.
    static func number(_ value: Double) -> String { TextTable.number(value, digits: 4) }
}
