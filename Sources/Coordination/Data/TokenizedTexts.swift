package import Studies
import Tasks
package import Tokenizers
package import Training

/// The texts that a job has tokenized: tasks on the same columns of a file share their tokens.
package final class TokenizedTexts {
    private let tokenizer: any Tokenizer
    private let maximumTokens: Int
    private let memory: any TokenMemory
    private var known: [TextSource: TokenizedExamples] = [:]

    /// With memory that ranks share, all of them make the same calls.
    package init(_ study: Study, _ tokenizer: any Tokenizer, in memory: any TokenMemory = PrivateTokens()) {
        self.tokenizer = tokenizer
        self.memory = memory
        maximumTokens = study.maximumTokens
    }

    /// A file as every rank reads it; if one cannot, none can.
    func file(_ read: () throws -> ExampleFile) throws -> ExampleFile { try memory.together(read) }

    /// A split without examples, for one that is not read.
    func none(name: String) throws -> TokenizedExamples {
        try TokenizedExamples([], name: name, tokenizer, maximumTokens: maximumTokens)
    }

    /// Tokenizes a file's examples, unless their texts are known.
    func examples(
        of file: ExampleFile, name: String, reportingTo observer: (any ReadingObserver)? = nil
    ) throws -> TokenizedExamples {
        let count = file.examples.count
        if let other = known[file.source], other.count == count {
            return TokenizedExamples(file.examples.map(\.target), name: name, withTextsOf: other)
        }
        let tokenized = try TokenizedExamples(
            file.examples, name: name, tokenizer, maximumTokens: maximumTokens, in: memory,
            reportingTo: observer)
        known[file.source] = tokenized
        return tokenized
    }
}
