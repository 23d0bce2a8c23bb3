import Adapters
import Formats
import Foundation
import Studies
import Tasks
import Training

/// What `adapter_config.json` says of one task's parameters: all that is needed to use them again.
enum AdapterConfiguration {
    /// The configuration of a task's parameters in a study, and of the run's identity what a use of them must match.
    static func json(
        _ study: Study, _ model: AdaptedEncoder, _ tasks: [any LanguageTask], _ store: ParameterStore,
        task: Int, identity: JSONValue = .null
    ) throws -> JSONValue {
        let output: JSONValue =
            switch tasks[task].output {
            case .classes(let labels): ["classes": .array(labels.map { .string($0) })]
            case .regression(let range): ["range": [.number(range.lowerBound), .number(range.upperBound)]]
            }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        func encoded(_ value: some Encodable, _ place: String) throws -> JSONValue {
            try JSONValue(parsing: try encoder.encode(value), at: place)
        }
        let files = try FilesOfOtherRuns.checksums(model.method)
        let topology = store.placements[task].map { block -> JSONValue in
            let block = store.blocks[block]
            return [
                "name": .string(block.slice.name), "owner": .string(block.owner),
                "tasks": .array(block.tasks.map { .string(tasks[$0].name) }),
            ]
        }
        let own: [(String, JSONValue)] = [
            ("task", .string(tasks[task].name)), ("output", output),
            ("adapter", try encoded(study.adapter, "adapter")),
            ("head", try encoded(study.head, "head")),
            ("backbone", BackboneIdentity(of: model.weights).json),
            ("maximumTokens", .integer(study.maximumTokens)), ("topology", .array(topology)),
        ]
        let inputs = ["tokenizer", "arithmetic"].compactMap { key in identity[key].map { (key, $0) } }
        return [
            "peft_type": .string(type(of: model.method).name.uppercased()), "task_type": "SEQ_CLS",
            "base_model_name_or_path": .string(study.backbone), "inference_mode": true,
            "hadamesh": .object(own + inputs + (files.map { [("files", $0)] } ?? [])),
        ]
    }
}
