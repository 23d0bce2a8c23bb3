import Adapters
import Collectives
import Coordination
import Diagnostics
import Encoders
import Kernels
import Studies
import Tokenizers

/// A frozen backbone in each node's memory once, mapped and prepacked for models with any method.
struct SharedBackbone {
    let weights: EncoderWeights
    /// Nil if memory has no room for them.
    let packed: PrepackedWeights?
    let tokenizer: any Tokenizer
    /// Warnings about memory, kernels and the tokenizer.
    let warnings: [Failure]

    /// Maps and prepacks the weights; a collective of the world.
    init(_ path: String, _ arithmetic: ProductArithmetic, on world: any Communicator) throws {
        let memory = NodeWeightMemory(world)
        weights = try EncoderWeights(directory: path, for: arithmetic, convertingInto: memory)
        packed = try PrepackedWeights(ofEveryMap: weights, arithmetic, in: memory)
        tokenizer = try TokenizerFolder.load(path)
        warnings = memory.refusals + LoadedBackbone.warnings(about: arithmetic, weights, tokenizer)
    }
}
