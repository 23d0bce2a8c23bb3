import Diagnostics
import Encoders
package import Tasks
package import Tokenizers

extension AdaptedModel {
    /// Refuses a tokenizer, a length or a task that the backbone has no embeddings for.
    ///
    /// It runs before texts are read. Tokenized texts are checked too, see
    /// ``TokenizedExamples/check(against:)``.
    package func check(
        _ tokenizer: any Tokenizer, maximumTokens: Int, tasks: [any LanguageTask]
    ) throws {
        let shape = weights.configuration
        guard maximumTokens <= shape.positions else {
            throw Failure.usage(
                "is \(maximumTokens), but the backbone has \(shape.positions) positions", at: "maximumTokens",
                remedy: "set it to \(shape.positions) or less")
        }
        guard tokenizer.vocabularySize <= shape.vocabulary else {
            throw Failure.data(
                "the tokenizer has \(tokenizer.vocabularySize) tokens, but the weights embed "
                    + "\(shape.vocabulary)",
                at: weights.directory, remedy: "tokenizer and weights must come from the same model")
        }
        if let segments = shape.segments, segments < tokenizer.segmentsOfPair,
            let task = tasks.first(where: \.isPaired)
        {
            throw Failure.usage(
                "'\(task.name)' is a task of pairs, and the backbone has one segment, so it can't tell their "
                    + "texts apart", at: "tasks",
                remedy: "use a backbone with 'type_vocab_size' 2, or leave the task out")
        }
    }
}
