import Adapters
import ArgumentParser
import Coordination
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
            at: path, remedy: RunDirectory.suggestion(from: path))
    }

    private static func backbone(_ path: String, _ snapshot: HubSnapshot? = nil) throws -> Inspection {
        let weights = try EncoderWeights(directory: path)
        let tokenizer = try TokenizerFolder.load(path)
        let shape = weights.configuration
        var inspection = Inspection("backbone")
        inspection.add("model", snapshot?.name.id)
        inspection.add("revision", snapshot?.commit)
        inspection.add("folder", snapshot?.folder)
        inspection.add("family", shape.family.name)
        inspection.add("layers", shape.layers)
        inspection.add("width", shape.hidden)
        inspection.add("heads", shape.heads)
        inspection.add("embedding width", shape.embedding)
        inspection.add("intermediate", shape.intermediate)
        inspection.add("activation", shape.activation.rawValue)
        inspection.add("positions", shape.positions)
        inspection.add("segments", shape.segments)
        inspection.add("parameters", shape.parameterCount)
        inspection.add("pooler", weights.pooler != nil)
        inspection.add("classifier", shape.family.classes.classifier)
        inspection.add(
            "head of the classifier", HeadSettings(of: shape.family.classes.head).text)
        inspection.add("mapped bytes", weights.mappedBytes)
        inspection.add("converted bytes", weights.copiedBytes)
        inspection.add("tokenizer", tokenizer.name)
        inspection.add("tokens", tokenizer.vocabularySize)
        inspection.add("tokenizer identity", "\(tokenizer.identity)")
        return inspection
    }

    private static func run(_ run: RunDirectory) throws -> Inspection {
        let results = try RunResults.read(run)
        let manifest = try Manifest.read(run)
        let identity: RecordedIdentity? = try manifest?.identity()
        var inspection = Inspection("run")
        let merged = manifest?.merged
        let state =
            run.isImported
            ? "imported" : merged != nil ? "merged" : results == nil ? "not finished" : "finished"
        inspection.add("state", state)
        inspection.add("rule", merged?.rule)
        inspection.add("density", merged?.density)
        inspection.add("adapter", identity?.study?.adapter)
        inspection.add("backbone", try manifest?.starts?.last?.backbone.words ?? writtenBackbone(of: run))
        inspection.add("seed", identity?.study?.seed)
        inspection.add("arithmetic", identity?.study?.arithmetic)
        inspection.add(
            "computed by", identity?.arithmetic?.map(\.words).joined(separator: ", then "))
        inspection.add("kept state", results?.keep)
        inspection.add("steps", results?.steps)
        inspection.add("parameters per task", results?.parameters?.adapterPerTask)
        inspection.add("after pruning", results?.parameters?.keptPerTask)
        inspection.add("parameters, all tasks", results?.parameters?.adapterAllTasks)
        inspection.add("heads, all tasks", results?.parameters?.headsAllTasks)
        inspection.add("bytes per step", results?.bytesPerStep)
        inspection.add("shared gradients", results?.sharedGradients)
        inspection.add("seconds", results?.seconds)
        inspection.add("starts", manifest?.starts?.count)
        let stages = results?.stages ?? []
        inspection.add(
            "scores", ["task"] + stages.map(\.stage.rawValue),
            (stages.last?.tasks.names ?? []).map { task in
                [task] + stages.map { ($0.tasks[task] ?? nil)?.score }
            })
        inspection.add(
            "metrics", ["task", "split", "metric", "value"],
            (stages.last?.tasks.entries ?? []).flatMap { task in
                (task.value?.splits.entries ?? []).flatMap { split -> [[(any Encodable)?]] in
                    let label = EvaluationReport.label(ofSplit: split.name)
                    return split.value.entries.map {
                        [task.name, label, $0.name, $0.value]
                    }
                }
            })
        if let agreement = stages.last(where: { $0.agreement != nil })?.agreement {
            inspection.add(agreement)
        }
        inspection.add(
            "merged from", ["task", "run", "weight"],
            (merged?.from ?? []).map { [$0.task, $0.run, $0.weight] })
        let tasks = ((try? FileManager.default.contentsOfDirectory(atPath: run.adapters)) ?? []).sorted()
        inspection.add(
            "adapters", ["adapter", "tensors", "numbers", "bytes"],
            try tasks.map { task in
                let file = try SafetensorsFile(path: "\(run.adapters(task: task))/adapter_model.safetensors")
                return [
                    "adapters/\(task)", file.names.count, try numbers(in: file), file.byteCount,
                ]
            })
        try add(checkpoints: run.checkpoints, to: &inspection)
        return inspection
    }

    /// The backbone of a run that no start trained: an imported or merged one.
    private static func writtenBackbone(of run: RunDirectory) throws -> String? {
        guard FileManager.default.fileExists(atPath: run.studyFile) else { return nil }
        return try StudyFile(path: run.studyFile, isOfRun: true).text(ofKey: "backbone")
    }

    private static func add(checkpoints folder: String, to inspection: inout Inspection) throws {
        inspection.add(
            "checkpoints", ["checkpoint", "bytes"],
            try Checkpoint.steps(in: folder).map { step in
                let file = "\(folder)/step-\(step)/state.safetensors"
                let bytes = try? FileManager.default.attributesOfItem(atPath: file)[.size] as? NSNumber
                return ["checkpoints/step-\(step)", bytes?.intValue]
            })
    }

    private static func checkpoint(_ folder: String) throws -> Inspection {
        let checkpoint = try Checkpoint.read(folder)
        let facts: TrainingState.Facts = try checkpoint.facts()
        let study = facts.identity?.study
        var inspection = Inspection("checkpoint")
        inspection.add("step", checkpoint.step)
        inspection.add("stages before", facts.history.isEmpty ? nil : facts.history.map(\.stage.rawValue))
        inspection.add("step of the stage", facts.progress.stageStep)
        inspection.add("adapter", study?.adapter)
        inspection.add("seed", study?.seed)
        inspection.add("arithmetic", study?.arithmetic)
        inspection.add(
            "tasks", ["task", "last score", "best score", "of step"],
            zip(study?.tasks ?? [], facts.progress.tasks).map { name, task in
                [name, task.lastScore?.mean, task.best?.mean, task.best?.step]
            })
        inspection.add(
            "tensors", ["tensor", "shape"],
            checkpoint.tensors.map { [$0.name, shape($0.shape)] })
        return inspection
    }

    private static func adapter(_ folder: String) throws -> Inspection {
        let settings: RecordedSettings = try AdapterFolder.configuration(of: folder)
        let own = try AdapterConfiguration.read(folder)
        // AdapterHub's name for the weights is the second.
        let weights = ["adapter_model", "adapter"].map { "\(folder)/\($0).safetensors" }
        var inspection = try tensors(
            of: weights.first(where: FileManager.default.fileExists) ?? weights[0], kind: "adapter",
            owners: own?.topology ?? [])
        guard let own else {
            // Another program's settings are few and flat.
            for key in settings.members.names { inspection.add(key, settings[key]) }
            return inspection
        }
        inspection.add("task", own.task)
        inspection.add("output", own.output)
        inspection.add("adapter", own.adapter)
        inspection.add("head", own.head)
        inspection.add("maximumTokens", own.maximumTokens)
        inspection.add("products", own.products)
        inspection.add("tokenizer", own.tokenizer)
        inspection.add("backbone", settings["base_model_name_or_path"])
        return inspection
    }

    private static func tensors(
        of path: String, kind: String = "safetensors file", owners: [BlockOwner] = []
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
                let owner = owners.first { $0.name == name }?.owner
                return [name, entry.dtype.rawValue, shape(entry.shape)] + (owners.isEmpty ? [] : [owner])
            })
        return inspection
    }

    private static func numbers(in file: SafetensorsFile) throws -> Int {
        try file.names.reduce(0) { $0 + (try file.entry($1)).shape.reduce(1, *) }
    }

    private static func shape(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: "×") }
}
