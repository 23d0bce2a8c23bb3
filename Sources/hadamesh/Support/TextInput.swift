import Diagnostics
import Foundation
import Tasks

/// Lines of text from a file, or from standard input for the path `-`.
struct TextInput {
    let path: String

    /// The lines, split at line feeds only; a line with a tab is a pair.
    func lines() throws -> [(first: String, second: String?)] {
        let data: Data
        if path == "-" {
            data = FileHandle.standardInput.readDataToEndOfFile()
        } else if let contents = FileManager.default.contents(atPath: path) {
            data = contents
        } else {
            throw Failure.data("no readable file", at: path)
        }
        var lines = data.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return try lines.enumerated().map { index, bytes in
            guard let line = String(validating: bytes, as: UTF8.self) else {
                throw Failure.data("is not UTF-8", at: location(ofLine: index))
            }
            let utf8 = line.utf8
            guard let tab = utf8.firstIndex(of: 0x09) else { return (line, nil) }
            return (String(line[..<tab]), String(line[utf8.index(after: tab)...]))
        }
    }

    /// The lines as texts of a task: all pairs or none, as the task requires.
    func texts(for task: any LanguageTask) throws -> [(first: String, second: String?)] {
        let lines = try lines()
        if let index = lines.firstIndex(where: { ($0.second != nil) != task.isPaired }) {
            throw Failure.data(
                task.isPaired ? Self.noTab : "has a tab, the task's texts are no pairs",
                at: location(ofLine: index))
        }
        return lines
    }

    static let noTab = "has no tab that splits a pair"

    /// The location of a line, counted from 0, for messages.
    func location(ofLine index: Int) -> String {
        "\(path == "-" ? "standard input" : path):\(index + 1)"
    }
}
