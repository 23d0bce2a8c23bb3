import ArgumentParser
import Coordination

/// Options of commands that use trained adapters: the inputs that may differ from training.
struct ForeignInputOptions: ParsableArguments {
    @Flag(
        name: .customLong("allow-different-backbone"),
        help: "Use the adapters on a different backbone of the same shape, or with a different tokenizer.")
    var backbone = false

    @Flag(
        name: .customLong("allow-different-kernels"),
        help:
            "Use the adapters even if kernels or version now give different bits than in training.")
    var kernels = false

    var allowed: ForeignInputs {
        var allowed: ForeignInputs = []
        if backbone { allowed.insert(.backbone) }
        if kernels { allowed.insert(.kernels) }
        return allowed
    }
}
