import Diagnostics
import Foundation
import Testing

/// A folder of data files that lasts as long as the value.
final class DataFolder {
    let path: String

    init(_ files: [String: String] = [:]) throws {
        path = FileManager.default.temporaryDirectory.appending(path: "tasks-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, text) in files {
            let file = URL(filePath: path).appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// The failure that the body must end with, and its words: each must be in the message.
func expectFailure(
    _ kind: Failure.Kind, _ words: [String], sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Void
) {
    do {
        try body()
        Issue.record("no failure, expected one with \(words)", sourceLocation: sourceLocation)
    } catch let failure as Failure {
        #expect(failure.kind == kind, "\(failure)", sourceLocation: sourceLocation)
        for word in words {
            #expect(failure.description.contains(word), "\(failure)", sourceLocation: sourceLocation)
        }
    } catch {
        Issue.record("\(error) is no Failure", sourceLocation: sourceLocation)
    }
}

/// The package's root, found from this file.
let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
