public import Adapters
import Encoders
public import Tasks
public import Training

/// One task's trained parameters with everything they belong to: what is written for other software.
public struct TrainedAdapter: Sendable {
    /// The backbone with method and head.
    public let model: AdaptedEncoder
    /// The task's name.
    public let task: String
    /// What the head answers.
    public let output: TaskOutput
    /// The layout of the parameters.
    public let layout: ParameterLayout
    /// The parameters.
    public let values: [Float]

    /// Joins the parts; there are as many values as the layout says.
    public init(
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
