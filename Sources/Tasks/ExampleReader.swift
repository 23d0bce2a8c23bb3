import Diagnostics
import Formats
import Foundation

/// Where in a tab-separated file an example's parts are.
enum ColumnLayout: Sendable {
    /// Under these names in the header line; other columns are ignored.
    case header(first: String, second: String? = nil, label: String)
    /// At these positions from 0, in a file of `count` columns without a header line.
    case positions(first: Int, label: Int, count: Int)

    var isPaired: Bool {
        if case .header(_, _?, _) = self { true } else { false }
    }
}

/// Reads one data file into examples, strictly: what does not fit is a failure that names file and line.
struct ExampleReader {
    /// Whether the file has targets.
    enum Labels { case required, optional, absent }

    let path: String
    let columns: ColumnLayout
    let output: TaskOutput
    let labels: Labels
    /// Whether a sentence without any visible character is kept rather than refused.
    let keepsEmptyText: Bool
    /// Whether lines with too few columns are left out and counted, while they are few.
    let dropsShortLines: Bool
    /// What to do where the file is missing.
    let remedy: String

    func read() throws -> ExampleFile {
        guard FileManager.default.fileExists(atPath: path) else {
            throw Failure.data("there is no such file", at: path, remedy: remedy)
        }
        let rows = try TabSeparatedFile(path: path).rows
        guard let top = rows.first else { throw Failure.data("the file is empty", at: path, remedy: remedy) }
        let positions = try Positions(columns, labels, header: top.fields, at: "\(path):\(top.line)")
        let reading = Reading(output)
        var examples: [Example] = []
        var droppedLines: [Int] = []
        for row in positions.hasHeader ? rows.dropFirst() : rows[...] {
            guard row.fields.count == positions.count else {
                if dropsShortLines, row.fields.count < positions.count {
                    droppedLines.append(row.line)
                    continue
                }
                throw Failure.data(
                    "\(row.fields.count) columns, expected \(positions.count)", at: "\(path):\(row.line)",
                    remedy: "columns are split at tabs alone, and quotes are text")
            }
            var place: String { "\(path):\(row.line)" }
            examples.append(
                Example(
                    first: try text(row.fields[positions.first], "first", at: place),
                    second: try positions.second.map { try text(row.fields[$0], "second", at: place) },
                    target: try positions.label.map { try reading.target(row.fields[$0], at: place) },
                    index: examples.count, line: row.line))
        }
        try checkDropped(droppedLines, kept: examples.count)
        guard !examples.isEmpty else {
            throw Failure.data("there are no examples below the header", at: path)
        }
        return ExampleFile(path: path, examples: examples, droppedLines: droppedLines)
    }

    private func text(_ field: String, _ role: String, at place: @autoclosure () -> String) throws -> String {
        if !keepsEmptyText, field.unicodeScalars.allSatisfy(\.properties.isWhitespace) {
            throw Failure.data("the \(role) sentence is empty", at: place())
        }
        return field
    }

    /// A few broken records are a known flaw of a file; many are another file, or a damaged one.
    private func checkDropped(_ lines: [Int], kept: Int) throws {
        let allowed = max(2, kept / 1000)
        guard lines.count > allowed else { return }
        throw Failure.data(
            "\(lines.count) lines have too few columns, the first of them line \(lines[0]); "
                + "expected at most \(allowed) among \(kept) examples",
            at: path, remedy: "the file is damaged: fetch it again")
    }
}

/// The columns' positions in one file.
private struct Positions {
    let hasHeader: Bool
    let count: Int
    let first: Int
    let second: Int?
    let label: Int?

    init(_ layout: ColumnLayout, _ labels: ExampleReader.Labels, header: [String], at place: String) throws {
        switch layout {
        case .positions(let first, let label, let count):
            hasHeader = false
            self.count = count
            self.first = first
            second = nil
            self.label = labels == .absent ? nil : label
        case .header(let firstName, let secondName, let labelName):
            func position(_ name: String) throws -> Int {
                let found = header.indices.filter { header[$0] == name }
                guard found.count < 2 else {
                    throw Failure.data("\(found.count) columns are named '\(name)'", at: place)
                }
                guard let position = found.first else {
                    throw Failure.data(
                        "no column '\(name)' in the header, which has \(listed(header))", at: place,
                        remedy: "the first line must name the columns, split by tabs")
                }
                return position
            }
            hasHeader = true
            count = header.count
            first = try position(firstName)
            second = try secondName.map(position)
            switch labels {
            case .absent: label = nil
            case .required: label = try position(labelName)
            case .optional: label = header.contains(labelName) ? try position(labelName) : nil
            }
        }
    }
}

/// How a label's text becomes a target.
private struct Reading {
    private let output: TaskOutput
    private let classes: [String: Int]

    init(_ output: TaskOutput) {
        self.output = output
        if case .classes(let names) = output {
            classes = Dictionary(names.enumerated().map { ($1, $0) }) { earlier, _ in earlier }
        } else {
            classes = [:]
        }
    }

    func target(_ text: String, at place: @autoclosure () -> String) throws -> Target {
        switch output {
        case .classes(let names):
            guard let label = classes[text] else {
                throw Failure.data("unknown label '\(text)', expected one of \(listed(names))", at: place())
            }
            return .label(label)
        case .regression(let range):
            guard let value = Double(text), value.isFinite else {
                throw Failure.data("'\(text)' is not a number", at: place())
            }
            guard range.contains(value) else {
                throw Failure.data(
                    "'\(text)' is outside \(range.lowerBound) to \(range.upperBound)", at: place())
            }
            return .value(value)
        }
    }
}

/// The names as a message shows them, the first twenty of many.
private func listed(_ names: [String]) -> String {
    let shown = names.prefix(20).map { "'\($0)'" }.joined(separator: ", ")
    return names.count > 20 ? "\(shown) and \(names.count - 20) more" : shown
}
