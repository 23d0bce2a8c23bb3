import Diagnostics
import Foundation
import Testing

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
