import Adapters
import Diagnostics
import Encoders
import Formats
import Kernels
import Runs
import Studies
import Tasks
import Training

/// The description of a task's adapter under `hadamesh` in `adapter_config.json`; missing entries are nil.
struct AdapterConfiguration: Codable, Sendable {
    /// A head's classes, or the range of its values.
    struct Output: Codable {
        var classes: [String]?
        var range: [Double]?
    }

    let task: String?
    let output: Output?
    let adapter, head: JSONValue?
    let backbone: BackboneIdentity?
    let maximumTokens: Int?
    let topology: [BlockOwner]?
    let tokenizer: String?
    /// The products of the frozen maps that it was trained on.
    let products: ProductArithmetic?
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
        adapter = try JSONValue(encoding: study.adapter).canonical
        head = try JSONValue(encoding: study.head).canonical
        backbone = BackboneIdentity(of: model.weights)
        maximumTokens = study.maximumTokens
        topology = store.blockOfSlice[task].map { BlockOwner(store.blocks[$0], tasks.map(\.name)) }
        tokenizer = identity?.tokenizer
        products = study.arithmetic
        arithmetic = identity?.arithmetic
        files = try FileOfAnotherRun.all(of: model.method)
    }

    /// Reads the configuration of an adapter's folder; nil if another program wrote it.
    static func read(_ folder: String) throws -> AdapterConfiguration? {
        try AdapterFolder.configuration(of: folder)["hadamesh"]?.decoded(from: folder)
    }

    /// Writes `adapters/<task>` of a run: a task's parameters, with the configuration.
    ///
    /// PEFT looks for its `peft_type`, and refuses another one with a KeyError that quotes it.
    func write(
        _ values: [Float], _ layout: ParameterLayout, _ study: Study, to folder: String
    ) throws {
        let configuration: JSONValue = [
            "format": "hadamesh",
            "peft_type": "none: write PEFT's form of this adapter with 'hadamesh export --format peft'",
            "base_model_name_or_path": .string(study.backbone.publicName),
            "hadamesh": try JSONValue(encoding: self),
        ]
        try AdapterFolder.write(layout, values, configuration: configuration, to: folder)
    }
}
