package import Adapters
import Encoders
package import Tasks
package import Training

/// One task's trained parameters with everything they belong to: what is written for other software.
package struct TrainedAdapter: Sendable {
    /// The backbone with method and head.
    package let model: AdaptedEncoder
    /// The task's name.
    package let task: String
    /// What the head answers.
    package let output: TaskOutput
    /// The layout of the parameters.
    package let layout: ParameterLayout
    /// The parameters.
    package let values: [Float]

    /// Joins the parts; there are as many values as the layout says.
    package init(
        _ model: AdaptedEncoder, task: String, _ output: TaskOutput, _ layout: ParameterLayout,
        values: [Float]
    ) {
        precondition(values.count == layout.count, "the values do not fill the layout")
        self.model = model
        self.task = task
        self.output = output
        self.layout = layout
        self.values = values
    }

    /// The backbone's family.
    var family: EncoderFamily { model.weights.configuration.family }

    /// The values of a tensor.
    func tensor(_ name: String) -> [Float] { layout[name].map { Array(values[$0]) } ?? [] }

    /// The names of the classes in the order of the logits; one for a regression, as transformers has it.
    var labels: [String] {
        switch output {
        case .classes(let labels): labels
        case .regression: ["LABEL_0"]
        }
    }
}
