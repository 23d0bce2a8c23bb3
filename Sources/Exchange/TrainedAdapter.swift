package import Adapters
import Encoders
package import Tasks
package import Training

/// One task's trained parameters with their model and task, to be written for other software.
package struct TrainedAdapter: Sendable {
    package let model: AdaptedModel
    package let task: String
    /// The classes or range of the head's answers.
    package let output: TaskOutput
    /// Whether an example has two texts.
    package let isPaired: Bool
    /// The number of tokens to which the study truncates an example.
    package let maximumTokens: Int
    package let layout: ParameterLayout
    package let values: [Float]

    /// The values must fill the layout.
    package init(
        _ model: AdaptedModel, task: String, _ output: TaskOutput, isPaired: Bool, maximumTokens: Int,
        _ layout: ParameterLayout, values: [Float]
    ) {
        precondition(values.count == layout.count, "the values do not fill the layout")
        self.model = model
        self.task = task
        self.output = output
        self.isPaired = isPaired
        self.maximumTokens = maximumTokens
        self.layout = layout
        self.values = values
    }

    /// The backbone's family.
    var family: EncoderFamily { model.weights.configuration.family }

    /// W and b of the head.
    var head: LinearValues { LinearValues(weight: tensor(HeadSlice.weight), bias: tensor(HeadSlice.bias)) }

    /// V and v of the head's dense layer.
    var headDense: LinearValues {
        LinearValues(weight: tensor(HeadSlice.denseWeight), bias: tensor(HeadSlice.denseBias))
    }

    func tensor(_ name: String) -> [Float] { layout[name].map { Array(values[$0]) } ?? [] }

    /// The names of the classes in the order of the logits; one for a regression, as transformers has it.
    var labels: [String] {
        switch output {
        case .classes(let classes): classes.map(\.name)
        case .regression: ["LABEL_0"]
        }
    }
}
