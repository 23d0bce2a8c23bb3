import Diagnostics
import Formats
import Foundation

/// Reads the examples of a data file.
///
/// Every malformed line is a failure that names file and line.
struct ExampleReader {
    /// Whether the file has targets.
    enum Labels { case required, optional, absent }

    let columns: ColumnLayout
    let output: TaskOutput
    let labels: Labels
    /// The values of labels and numbers in the file.
    var values = TargetValues.own
    /// Whether an empty sentence is kept; otherwise it is a failure.
    let keepsEmptyText: Bool
    /// Whether a few lines with too few columns are dropped; otherwise each is a failure.
    let dropsShortLines: Bool
    /// The remedy if the file is missing or empty.
    let remedy: String
    /// The remedy if a line has another number of columns; by default the format's.
    var lineRemedy: String?

    /// Reads a split's files, one after the other, as one.
    func read(_ files: [String], in directory: String, format: DataFormat) throws -> ExampleFile {
        let read = try files.map { try self.read($0, in: directory, format: format) }
        if read.count == 1 { return read[0] }
        var examples = read.flatMap(\.examples)
        for index in examples.indices { examples[index].index = index }
        let source = TextSource(
            paths: read.map(\.path), format: format, columns: columns.texts)
        return ExampleFile(
            path: read[0].path, source: source, examples: examples,
            droppedLines: read.flatMap(\.droppedLines))
    }

    /// Reads a file; relative to the directory unless it begins with a slash.
    func read(_ file: String, in directory: String, format: DataFormat) throws -> ExampleFile {
        let path = dataPath(file, in: directory)
        guard FileManager.default.fileExists(atPath: path) else {
            throw Failure.data("there is no such file", at: path, remedy: remedy)
        }
        return try read(try DataTable(path: path, format: format, columns: columns.wanted(labels)))
    }

    func read(_ table: DataTable) throws -> ExampleFile {
        let (path, rows) = (table.path, table.rows)
        guard let top = rows.first else { throw Failure.data("found no lines", at: path, remedy: remedy) }
        let positions = try ColumnPositions(columns, labels, table, top)
        let parser = TargetParser(output, values)
        var examples: [Example] = []
        var droppedLines: [Int] = []
        for row in positions.hasHeader ? rows.dropFirst() : rows[...] {
            let isBlank = table.format != .jsonl && row.fields == [""]
            guard row.fields.count == positions.count, keepsEmptyText || !isBlank else {
                if dropsShortLines, row.fields.count < positions.count {
                    droppedLines.append(row.line)
                    continue
                }
                let found =
                    isBlank
                    ? "a blank line" : "\(row.fields.count) column\(row.fields.count == 1 ? "" : "s")"
                let columns =
                    "\(positions.count)\(isBlank ? " column\(positions.count == 1 ? "" : "s")" : "")"
                throw Failure.data(
                    "found \(found), expected \(columns)", at: "\(path):\(row.line)",
                    remedy: isBlank ? "remove the line" : lineRemedy ?? table.format.lineRemedy)
            }
            var location: String { "\(path):\(row.line)" }
            examples.append(
                Example(
                    first: try text(
                        row.fields[positions.first], positions.second == nil ? "text" : "first sentence",
                        at: location),
                    second: try positions.second.map {
                        try text(row.fields[$0], "second sentence", at: location)
                    },
                    target: try positions.label.map { try parser.target(row.fields[$0], at: location) },
                    index: examples.count, line: row.line))
        }
        try checkDropped(droppedLines, kept: examples.count, at: path)
        guard !examples.isEmpty else {
            throw Failure.data("there are no examples below the header", at: path)
        }
        let source = TextSource(paths: [path], format: table.format, columns: columns.texts)
        return ExampleFile(path: path, source: source, examples: examples, droppedLines: droppedLines)
    }

    private func text(
        _ field: String, _ role: String, at location: @autoclosure () -> String
    ) throws -> String {
        if !keepsEmptyText, field.unicodeScalars.allSatisfy(\.properties.isWhitespace) {
            throw Failure.data("the \(role) is empty", at: location())
        }
        return field
    }

    /// Throws if there are more short lines than the known few of QQP: then the file is damaged or another
    /// one.
    private func checkDropped(_ lines: [Int], kept: Int, at path: String) throws {
        let allowed = max(2, kept / 1000)
        guard lines.count > allowed else { return }
        throw Failure.data(
            "\(lines.count) lines have too few columns, the first of them line \(lines[0]); "
                + "expected at most \(allowed) among \(kept) examples",
            at: path, remedy: "the file is damaged: fetch it again")
    }
}

/// The path of a data file: below the directory unless it begins with a slash.
func dataPath(_ file: String, in directory: String) -> String {
    if file.hasPrefix("/") || directory.isEmpty { return file }
    return directory.hasSuffix("/") ? directory + file : "\(directory)/\(file)"
}

extension DataFormat {
    /// The remedy for a row with another number of columns than the first.
    fileprivate var lineRemedy: String {
        self == .csv
            ? "commas separate columns; a field with a comma, a quote or a line break stands in quotes"
            : "only tabs separate columns, and quotes are ordinary characters"
    }
}

/// The positions of columns in a file.
private struct ColumnPositions {
    let hasHeader: Bool
    let count: Int
    let first: Int
    let second: Int?
    let label: Int?

    init(
        _ layout: ColumnLayout, _ labels: ExampleReader.Labels, _ table: DataTable, _ top: DataTable.Row
    ) throws {
        let header = table.names ?? top.fields
        let location = "\(table.path):\(top.line)"
        switch layout {
        case .positions(let first, let second, let label, let count):
            hasHeader = false
            self.count = count
            self.first = first
            self.second = second
            self.label = labels == .absent ? nil : label
        case .header(let firstName, let secondName, let labelName):
            func position(_ name: String) throws -> Int {
                let found = header.indices.filter { header[$0] == name }
                guard found.count < 2 else {
                    throw Failure.data("\(found.count) columns are named '\(name)'", at: location)
                }
                guard let position = found.first else {
                    throw Failure.data(
                        "no column '\(name)' in the header, which has \(listed(header))", at: location,
                        remedy: "the first line must name the columns, separated by "
                            + (table.format == .csv ? "commas" : "tabs"))
                }
                return position
            }
            hasHeader = table.names == nil
            count = header.count
            first = try position(firstName)
            second = try secondName.map(position)
            switch labels {
            case .absent: label = nil
            case .required: label = try labelName.map(position)
            case .optional: label = try labelName.flatMap { header.contains($0) ? try position($0) : nil }
            }
        }
    }
}

/// Parses labels and values.
private struct TargetParser {
    private let output: TaskOutput
    private let values: TargetValues
    /// The value of each class, and the class of each value.
    private let names: [String]
    private let classes: [String: Int]

    init(_ output: TaskOutput, _ values: TargetValues) {
        self.output = output
        self.values = values
        names =
            switch (output, values) {
            case (.regression, _): []
            case (.classes(let known), .own): known.map(\.value)
            case (.classes(let known), .hub(let labels)):
                known.map { label in String(labels.firstIndex(of: label.name) ?? -1) }
            }
        classes = Dictionary(names.enumerated().map { ($1, $0) }) { earlier, _ in earlier }
    }

    func target(_ text: String, at location: @autoclosure () -> String) throws -> Target {
        switch output {
        case .classes:
            guard let label = classes[text] else {
                throw Failure.data(
                    "unknown label '\(text)', expected one of \(listed(names))", at: location(),
                    remedy: values.remedy(forLabel: text))
            }
            return .label(label)
        case .regression(let range):
            guard let value = Double(text), value.isFinite else {
                throw Failure.data("'\(text)' is not a number", at: location())
            }
            guard range.contains(value) else {
                throw Failure.data(
                    "'\(text)' is outside \(range.lowerBound) to \(range.upperBound)", at: location())
            }
            if case .own = values { return .value(value) }
            // The hub's 32-bit number of 3.8 is 3.79999995: its shortest digits are those of GLUE's file.
            return .value(Double(Float(value).description) ?? value)
        }
    }
}
