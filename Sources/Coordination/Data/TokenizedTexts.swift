package import Studies
import Tasks
package import Tokenizers
import Training

/// The texts that a job has tokenized: tasks on the same columns of a file share their tokens.
package final class TokenizedTexts {
    private let tokenizer: any Tokenizer
    private let maximumTokens: Int
    private var known: [TextSource: TokenizedExamples] = [:]

    package init(_ study: Study, _ tokenizer: any Tokenizer) {
        self.tokenizer = tokenizer
        maximumTokens = study.maximumTokens
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
            file.examples, name: name, tokenizer, maximumTokens: maximumTokens
        ) { observer?.tokenized($0, of: count) }
        known[file.source] = tokenized
        return tokenized
    }
}
