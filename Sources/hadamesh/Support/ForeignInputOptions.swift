import ArgumentParser
import Coordination

/// Options of commands that use trained adapters: the inputs that may differ from training.
struct ForeignInputOptions: ParsableArguments {
    @Flag(
        name: .customLong("allow-different-backbone"),
        help: "Use the adapters on another backbone of the same shape, or with another tokenizer.")
    var backbone = false

    @Flag(
        name: .customLong("allow-different-kernels"),
        help:
            "Use the adapters with kernels or a version whose bits differ from those of training.")
    var kernels = false

    var allowed: ForeignInputs {
        var allowed: ForeignInputs = []
        if backbone { allowed.insert(.backbone) }
        if kernels { allowed.insert(.kernels) }
        return allowed
    }
}
