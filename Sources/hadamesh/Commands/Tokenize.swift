import ArgumentParser
import Diagnostics
import Foundation
import Tokenizers

/// `hadamesh tokenize`.
struct Tokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the token ids of each line of standard input.",
        discussion: "Includes special tokens. Truncates only to --maximum-tokens.")

    @Option(help: "The backbone's folder.")
    var backbone: String

    @Flag(help: "Each line is a pair, separated by a tab.")
    var pairs = false

    @Option(help: "The maximum length; truncates the end of a text, in a pair of the longer one first.")
    var maximumTokens: Int?

    func run() throws {
        try SingleProcess.run {
            let tokenizer = try TokenizerFolder.load(backbone)
            let input = TextInput(path: "-")
            let lines = try input.lines().enumerated().map { index, line in
                if pairs, line.second == nil {
                    throw Failure.data(TextInput.noTab, at: input.location(ofLine: index))
                }
                // Without --pairs a tab is ordinary white space.
                let (first, second) =
                    pairs ? line : (line.second.map { "\(line.first)\t\($0)" } ?? line.first, nil)
                return try tokenizer.encode(first, second, limit: maximumTokens ?? .max).ids.map(String.init)
                    .joined(separator: " ")
            }
            try TextOutput.write(lines)
        }
    }
}
