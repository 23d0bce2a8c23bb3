import Adapters
import Diagnostics
import Encoders
package import Formats
package import Kernels
import Runs
import Studies
import Tasks
import Training

/// The description of a task's adapter under `hadamesh` in `adapter_config.json`; missing entries are nil.
package struct AdapterConfiguration: Codable, Sendable, Equatable {
    /// A head's classes, or the range of its values.
    package struct Output: Codable, Sendable, Equatable {
        var classes: [String]?
        var range: [Double]?
    }

    package let task: String?
    package let output: Output?
    package let adapter, head: RecordedSettings?
    let backbone: BackboneIdentity?
    package let maximumTokens: Int?
    package let topology: [BlockOwner]?
    package let tokenizer: String?
    /// The products of the frozen maps that it was trained on.
    package let products: ProductArithmetic?
    let arithmetic: [Arithmetic]?
    let files: [FileOfAnotherRun]?

    /// The configuration of a task's adapter; the run's identity adds the tokenizer and arithmetic to match.
    init(
        _ study: Study, _ model: AdaptedModel, _ tasks: [any LanguageTask], _ store: ParameterStore,
        task: Int, identity: RunIdentity? = nil
    ) throws {
        self.task = tasks[task].name
        output =
            switch tasks[task].output {
            case .classes(let classes): Output(classes: classes.map(\.name))
            case .regression(let range): Output(range: [range.lowerBound, range.upperBound])
            }
        adapter = try RecordedSettings(study.adapter)
        head = try RecordedSettings(study.head)
        backbone = BackboneIdentity(of: model.weights)
        maximumTokens = study.maximumTokens
        topology = store.blockOfSlice[task].map { BlockOwner(store.blocks[$0], tasks.map(\.name)) }
        tokenizer = identity?.tokenizer
        products = study.arithmetic
        arithmetic = identity?.arithmetic
        files = try FileOfAnotherRun.all(of: model.method)
    }

    /// Reads the configuration of an adapter's folder; nil if another program wrote it.
    package static func read(_ folder: String) throws -> AdapterConfiguration? {
        try AdapterFolder.configuration(of: folder, as: AdapterDescription<Self>.self).configuration
    }

    /// Writes `adapters/<task>` of a run: a task's parameters, with the configuration.
    func write(
        _ values: [Float], _ layout: ParameterLayout, _ study: Study, to folder: String
    ) throws {
        let description = AdapterDescription(self, backbone: study.backbone.publicName)
        try AdapterFolder.write(layout, values, configuration: description, to: folder)
    }
}
