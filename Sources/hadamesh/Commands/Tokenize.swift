import ArgumentParser
import Diagnostics
import Foundation
import Tokenizers

/// `hadamesh tokenize`.
struct Tokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turns lines of standard input into token ids, one line of ids each.",
        discussion: "Special tokens are included. Nothing is truncated unless --maximum-tokens says so.")

    @Option(help: "The backbone's folder.")
    var backbone: String

    @Flag(help: "Each line is a pair, split by a tab.")
    var pairs = false

    @Option(help: "The longest encoding; a longer text loses its end, of a pair the longer text first.")
    var maximumTokens: Int?

    func run() throws {
        try runInOneProcess {
            let tokenizer = try TokenizerFolder.load(backbone)
            let lines = try readLines("-").enumerated().map { index, line in
                if pairs, line.second == nil {
                    throw Failure.data("has no tab that splits a pair", at: "standard input:\(index + 1)")
                }
                // Without --pairs a tab is text like any other white space.
                let (first, second) =
                    pairs ? line : (line.second.map { "\(line.first)\t\($0)" } ?? line.first, nil)
                return try tokenizer.encode(first, second, limit: maximumTokens ?? .max).ids.map(String.init)
                    .joined(separator: " ")
            }
            try writeLines(lines)
        }
    }
}
