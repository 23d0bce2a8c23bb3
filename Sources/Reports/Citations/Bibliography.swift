import Foundation

/// The papers of the methods that this program implements, in BibTeX.
package struct Bibliography: Sendable {
    private struct Entry: Sendable {
        let text: String
        /// `arXiv:2407.11033`, or a name for a paper that is not there.
        let key: String
        let title: String

        /// Whether a source, as methods name it, is this paper.
        func isNamed(by source: String) -> Bool {
            source.contains(key.replacing("arXiv:", with: "arXiv ")) || source.contains(title)
        }
    }

    private let entries: [Entry]

    package init() {
        let text = String(decoding: PackageResources.methods_bib, as: UTF8.self)
        entries = text.components(separatedBy: "\n\n").map { block in
            let entry = block.trimmingCharacters(in: .whitespacesAndNewlines)
            func part(after start: String, until end: String) -> String {
                guard let from = entry.range(of: start)?.upperBound else { return "" }
                return String(entry[from...].prefix(upTo: entry[from...].range(of: end)?.lowerBound ?? from))
            }
            return Entry(
                text: entry, key: part(after: "{", until: ","),
                title: part(after: "title = {", until: "},\n").replacing(/[{}]/, with: ""))
        }
    }

    /// Whether the bibliography has a source's paper.
    package func contains(_ source: String) -> Bool { entries.contains { $0.isNamed(by: source) } }

    /// The entries of the papers that sources name, each once, and that of this program.
    package func text(of sources: [String], version: String) -> String {
        let own = """
            @software{hadamesh,
              author = {{Hadamesh maintainers}},
              title = {Hadamesh: exact multi-task training of very small adapters on frozen encoders},
              version = {\(version)}
            }
            """
        let named = entries.filter { entry in sources.contains(where: entry.isNamed) }
        return ([own] + named.map(\.text)).joined(separator: "\n\n") + "\n"
    }
}
