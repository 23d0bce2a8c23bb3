import Adapters
import ArgumentParser
import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
import Runs
import Tokenizers
import Training

/// `hadamesh inspect`.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Describes a backbone, run, checkpoint, adapter or safetensors file.",
        discussion: """
            Prints facts and tables: of a run its scores, adapters and checkpoints; of a checkpoint, an \
            adapter or a file the tensors. \
            A checkpoint's checksum is verified.
            """)

    @Argument(help: "A folder or file, or a backbone's name in the Hugging Face cache: hf:ORG/NAME.")
    var path: String

    @Option(help: "The format: text, markdown, latex, csv or json.")
    var format = "text"

    func run() throws {
        try SingleProcess.run {
            let format: TableFormat = try NamedOption.value(self.format, of: "--format")
            try TextOutput.write([inspection().report(format)])
        }
    }

    private func inspection() throws -> Inspection {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            if let snapshot = try BackboneReference(path).snapshot {
                return try Self.backbone(snapshot.folder, snapshot)
            }
            throw Failure.usage("no such file or folder", at: path)
        }
        func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }
        if !isFolder.boolValue {
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            // A checkpoint's file is described as its folder is.
            if path.hasSuffix("/checkpoint.json") { return try Self.checkpoint(folder) }
            guard path.hasSuffix(".safetensors") else {
                throw Failure.usage(
                    "is not a safetensors file", at: path,
                    remedy: "name one, or the folder of a run, checkpoint, adapter or backbone")
            }
            return try Self.tensors(of: path)
        }
        if has("journal.jsonl") || has("manifest.json") { return try Self.run(RunDirectory(path: path)) }
        if has("checkpoint.json") { return try Self.checkpoint(path) }
        if has("adapter_config.json") { return try Self.adapter(path) }
        if has("config.json") { return try Self.backbone(path) }
        let imported = RunDirectory(path: path)
        if imported.isImported { return try Self.run(imported) }
        let steps = try Checkpoint.steps(in: path)
        if !steps.isEmpty {
            var inspection = Inspection("checkpoints")
            try Self.add(checkpoints: path, to: &inspection)
            return inspection
        }
        throw Failure.usage(
            "is neither a backbone (config.json), nor a run (journal.jsonl), "
                + "nor an adapter (adapter_config.json), nor a checkpoint (checkpoint.json)",
            at: path)
    }

    private static func backbone(_ path: String, _ snapshot: HubSnapshot? = nil) throws -> Inspection {
        let weights = try EncoderWeights(directory: path)
        let tokenizer = try TokenizerFolder.load(path)
        let shape = weights.configuration
        var inspection = Inspection("backbone")
        inspection.add("model", snapshot.map { .string($0.name.id) })
        inspection.add("revision", snapshot.map { .string($0.commit) })
        inspection.add("folder", snapshot.map { .string($0.folder) })
        inspection.add("family", .string(shape.family.name))
        inspection.add("layers", shape.layers)
        inspection.add("width", shape.hidden)
        inspection.add("heads", shape.heads)
        inspection.add("embedding width", shape.embedding)
        inspection.add("intermediate", shape.intermediate)
        inspection.add("activation", .string(shape.activation.rawValue))
        inspection.add("positions", shape.positions)
        inspection.add("segments", shape.segments)
        inspection.add("parameters", shape.parameterCount)
        inspection.add("pooler", .bool(weights.pooler != nil))
        inspection.add("classifier", .string(shape.family.classes.classifier))
        inspection.add(
            "head of the classifier", .string(HeadSettings(of: shape.family.classes.head).text))
        inspection.add("mapped bytes", weights.mappedBytes)
        inspection.add("converted bytes", weights.copiedBytes)
        inspection.add("tokenizer", .string(tokenizer.name))
        inspection.add("tokens", tokenizer.vocabularySize)
        inspection.add("tokenizer identity", .string("\(tokenizer.identity)"))
        return inspection
    }

    private static func run(_ run: RunDirectory) throws -> Inspection {
        let results = try RunResults.read(run)
        let identity: JSONValue? = try Manifest.read(run)?.identity()
        var inspection = Inspection("run")
        let merged = try Manifest.read(run)?.merged
        let state =
            run.isImported
            ? "imported" : merged != nil ? "merged" : results == nil ? "not finished" : "finished"
        inspection.add("state", .string(state))
        inspection.add("rule", merged.map { .string($0.rule) })
        inspection.add("density", merged?.density.map { .number($0) })
        inspection.add("adapter", identity?["study"]?["adapter"])
        inspection.add("seed", identity?["study"]?["seed"])
        inspection.add("arithmetic", identity?["study"]?["arithmetic"])
        inspection.add("computed by", computation(identity))
        inspection.add("kept state", results?.keep.map { .string($0) })
        inspection.add("steps", results?.steps)
        inspection.add("parameters per task", results?.parameters?.adapterPerTask)
        inspection.add("after pruning", results?.parameters?.keptPerTask)
        inspection.add("parameters, all tasks", results?.parameters?.adapterAllTasks)
        inspection.add("heads, all tasks", results?.parameters?.headsAllTasks)
        inspection.add("bytes per step", results?.bytesPerStep)
        inspection.add("shared gradients", results?.sharedGradients.map { .string($0.rawValue) })
        inspection.add("seconds", results?.seconds.map { .number($0) })
        inspection.add("starts", try Manifest.read(run)?.starts?.count)
        let stages = results?.stages ?? []
        inspection.add(
            "scores", ["task"] + stages.map(\.stage),
            (stages.last?.tasks.names ?? []).map { task in
                [.string(task)] + stages.map { number(($0.tasks[task] ?? nil)?.score) }
            })
        inspection.add(
            "metrics", ["task", "split", "metric", "value"],
            (stages.last?.tasks.entries ?? []).flatMap { task in
                (task.value?.splits.entries ?? []).flatMap { split in
                    let label = EvaluationReport.label(ofSplit: split.name)
                    return split.value.entries.map {
                        [.string(task.name), .string(label), .string($0.name), number($0.value)]
                    }
                }
            })
        if let agreement = stages.last(where: { $0.agreement != nil })?.agreement {
            inspection.add(agreement)
        }
        inspection.add(
            "merged from", ["task", "run", "weight"],
            (merged?.from ?? []).map { [.string($0.task), .string($0.run), number($0.weight)] })
        let tasks = ((try? FileManager.default.contentsOfDirectory(atPath: run.adapters)) ?? []).sorted()
        inspection.add(
            "adapters", ["adapter", "tensors", "numbers", "bytes"],
            try tasks.map { task in
                let file = try SafetensorsFile(path: "\(run.adapters(task: task))/adapter_model.safetensors")
                return [
                    .string("adapters/\(task)"), .integer(file.names.count), .integer(try numbers(in: file)),
                    .integer(file.byteCount),
                ]
            })
        try add(checkpoints: run.checkpoints, to: &inspection)
        return inspection
    }

    /// The versions and kernels that an identity names.
    private static func computation(_ identity: JSONValue?) -> JSONValue? {
        let all: [Arithmetic]? = try? identity?["arithmetic"]?.decoded(from: "identity")
        return all.map { .string($0.map(\.words).joined(separator: ", then ")) }
    }

    private static func add(checkpoints folder: String, to inspection: inout Inspection) throws {
        inspection.add(
            "checkpoints", ["checkpoint", "bytes"],
            try Checkpoint.steps(in: folder).map { step in
                let file = "\(folder)/step-\(step)/state.safetensors"
                let bytes = try? FileManager.default.attributesOfItem(atPath: file)[.size] as? NSNumber
                return [.string("checkpoints/step-\(step)"), bytes.map { .integer($0.intValue) } ?? .null]
            })
    }

    private static func checkpoint(_ folder: String) throws -> Inspection {
        let checkpoint = try Checkpoint.read(folder)
        let facts: JSONValue = try checkpoint.facts()
        let study = facts["identity"]?["study"]
        var inspection = Inspection("checkpoint")
        inspection.add("step", checkpoint.step)
        let finished = (facts["history"]?.array ?? []).compactMap { $0["stage"] }
        inspection.add("stages before", finished.isEmpty ? nil : .array(finished))
        inspection.add("step of the stage", facts["stageStep"])
        inspection.add("adapter", study?["adapter"])
        inspection.add("seed", study?["seed"])
        inspection.add("arithmetic", study?["arithmetic"])
        let names = (study?["tasks"]?.array ?? []).map { $0["name"] ?? $0 }
        let tasks = facts["tasks"]?.array ?? []
        inspection.add(
            "tasks", ["task", "last score", "best score", "of step"],
            zip(names, tasks).map { name, task in
                [
                    name, task["lastScore"]?["mean"] ?? .null, task["best"]?["mean"] ?? .null,
                    task["best"]?["step"] ?? .null,
                ]
            })
        inspection.add(
            "tensors", ["tensor", "shape"],
            checkpoint.tensors.map { [.string($0.name), .string(shape($0.shape))] })
        return inspection
    }

    private static func adapter(_ folder: String) throws -> Inspection {
        let configuration = try AdapterFolder.configuration(of: folder)
        let own = configuration["hadamesh"]
        var inspection = try tensors(
            of: "\(folder)/adapter_model.safetensors", kind: "adapter",
            owners: own?["topology"]?.array ?? [])
        // Another program's settings are few and flat.
        let settings: [(String, JSONValue?)] =
            own.map { own in
                ["task", "output", "adapter", "head", "maximumTokens", "products", "tokenizer"].map {
                    ($0, own[$0])
                }
                    + [("backbone", configuration["base_model_name_or_path"])]
            } ?? (configuration.object ?? []).map { ($0.0, $0.1) }
        for (name, value) in settings { inspection.add(name, value) }
        return inspection
    }

    private static func tensors(
        of path: String, kind: String = "safetensors file", owners: [JSONValue] = []
    ) throws -> Inspection {
        let file = try SafetensorsFile(path: path)
        let entries = try file.names.map { (name: $0, entry: try file.entry($0)) }
        var inspection = Inspection(kind)
        inspection.add("tensor count", entries.count)
        inspection.add("numbers", try numbers(in: file))
        inspection.add("bytes", file.byteCount)
        inspection.add(
            "tensors", ["tensor", "type", "shape"] + (owners.isEmpty ? [] : ["owner"]),
            entries.map { name, entry in
                let owner = owners.first { $0["name"]?.string == name }?["owner"] ?? .null
                return [.string(name), .string(entry.dtype.rawValue), .string(shape(entry.shape))]
                    + (owners.isEmpty ? [] : [owner])
            })
        return inspection
    }

    private static func numbers(in file: SafetensorsFile) throws -> Int {
        try file.names.reduce(0) { $0 + (try file.entry($1)).shape.reduce(1, *) }
    }

    private static func shape(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: "×") }

    private static func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
}
