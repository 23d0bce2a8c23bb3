import Adapters
import Encoders
import Kernels
import Studies
package import Tasks
package import Tokenizers
import Training

/// AdapterBias's weight of each layer's shift for the tokens of one text.
package struct ShiftedTokens: Sendable {
    /// The tokens, special ones included.
    package let tokens: [String]
    /// The layers that have a shift, ascending.
    package let layers: [Int]
    /// α by token, then by layer.
    package let values: [[Float]]
}

extension TrainedRun {
    /// α of every token of each example, in order; none if no method of the run shifts tokens.
    package func tokenShifts(
        _ task: any LanguageTask, _ examples: [Example], _ tokenizer: any Tokenizer
    ) throws -> [ShiftedTokens] {
        let (layout, values) = try parameters(of: task)
        let tokenized = try tokenize(examples, task, tokenizer)
        let workspace = Workspace()
        return values.withUnsafeBufferPointer { values in
            examples.indices.compactMap { example in
                let batch = tokenized.batch([example])
                guard let base = values.baseAddress,
                    let shifts = model.tokenShifts(batch, task: task.name, layout, values: base, workspace)
                else { return nil }
                let layers = shifts.keys.sorted()
                return ShiftedTokens(
                    tokens: batch.ids.map { tokenizer.token($0) ?? "id \($0)" }, layers: layers,
                    values: batch.ids.indices.map { token in layers.compactMap { shifts[$0]?[token] } })
            }
        }
    }
}
