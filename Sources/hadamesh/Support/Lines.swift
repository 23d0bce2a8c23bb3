import Diagnostics
import Foundation
import Tasks

/// The lines of a file, or of standard input for `-`, split at line feeds only; a line with a tab is a pair.
func readLines(_ input: String) throws -> [(first: String, second: String?)] {
    let data: Data
    if input == "-" {
        data = FileHandle.standardInput.readDataToEndOfFile()
    } else if let contents = FileManager.default.contents(atPath: input) {
        data = contents
    } else {
        throw Failure.data("no readable file", at: input)
    }
    var lines = data.split(separator: 0x0A, omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return try lines.enumerated().map { index, bytes in
        guard let line = String(validating: bytes, as: UTF8.self) else {
            throw Failure.data("is not UTF-8", at: "\(input == "-" ? "standard input" : input):\(index + 1)")
        }
        let utf8 = line.utf8
        guard let tab = utf8.firstIndex(of: 0x09) else { return (line, nil) }
        return (String(line[..<tab]), String(line[utf8.index(after: tab)...]))
    }
}

/// The lines as texts of a task: all pairs or none, as the task requires.
func readTexts(_ input: String, for task: any LanguageTask) throws -> [(first: String, second: String?)] {
    let lines = try readLines(input)
    if let number = lines.firstIndex(where: { ($0.second != nil) != task.isPaired }) {
        throw Failure.data(
            task.isPaired ? "has no tab that splits a pair" : "has a tab, the task's texts are no pairs",
            at: "\(input == "-" ? "standard input" : input):\(number + 1)")
    }
    return lines
}

/// Writes lines to standard output at once.
func writeLines(_ lines: [String]) throws {
    let text = lines.joined(separator: "\n") + (lines.isEmpty ? "" : "\n")
    do {
        try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    } catch {
        throw Failure.data("cannot write: \(error.localizedDescription)", at: "standard output")
    }
}
