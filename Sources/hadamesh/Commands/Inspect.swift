import Adapters
import ArgumentParser
import Diagnostics
import Encoders
import Formats
import Foundation
import Runs
import Tokenizers

/// `hadamesh inspect`.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Describes a backbone folder, run directory, adapter folder or safetensors file.")

    @Argument(help: "A folder or file.")
    var path: String

    func run() throws {
        try SingleProcess.run {
            let manager = FileManager.default
            var isFolder: ObjCBool = false
            guard manager.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw Failure.usage("no such file or folder", at: path)
            }
            func has(_ name: String) -> Bool { manager.fileExists(atPath: "\(path)/\(name)") }
            if !isFolder.boolValue {
                try tensors(of: path)
            } else if has("journal.jsonl") {
                try inspectRun()
            } else if has("adapter_config.json") {
                try inspectAdapter(path)
            } else if has("config.json") {
                try inspectBackbone()
            } else {
                throw Failure.usage(
                    "is neither a backbone (config.json), nor a run (journal.jsonl), "
                        + "nor an adapter (adapter_config.json)",
                    at: path)
            }
        }
    }

    private func inspectBackbone() throws {
        let weights = try EncoderWeights(directory: path)
        let shape = weights.configuration
        print("family      \(shape.family.name)")
        print(
            "layers      \(shape.layers), width \(shape.hidden), heads \(shape.heads), "
                + "intermediate \(shape.intermediate)")
        let segments = shape.segments.map { "\($0) segments" } ?? "no segments"
        print("embeddings  \(shape.vocabulary) tokens, \(shape.positions) positions, \(segments)")
        print("parameters  \(shape.parameterCount)")
        print("pooler      \(weights.pooler == nil ? "none" : "yes")")
        print(
            "memory      \(weights.mappedBytes) bytes mapped and shared, "
                + "\(weights.copiedBytes) bytes converted, which a node's ranks share")
        let tokenizer = try TokenizerFolder.load(path)
        print(
            "tokenizer   \(tokenizer.name), \(tokenizer.vocabularySize) tokens, "
                + "identity \(tokenizer.identity)")
    }

    private func inspectRun() throws {
        let run = RunDirectory(path: path)
        if let results = try RunResults.read(run) {
            print(try JSONValue(encoding: results).encodedForReading())
        } else {
            print("not finished")
        }
        let adapters = (try? FileManager.default.contentsOfDirectory(atPath: run.adapters)) ?? []
        for adapter in adapters.sorted() {
            print("\nadapters/\(adapter)")
            try tensors(of: "\(run.adapters(task: adapter))/adapter_model.safetensors")
        }
    }

    private func inspectAdapter(_ folder: String) throws {
        print(try AdapterFolder.configuration(of: folder).encodedForReading())
        try tensors(of: "\(folder)/adapter_model.safetensors")
    }

    private func tensors(of file: String) throws {
        let safetensors = try SafetensorsFile(path: file)
        for name in safetensors.names {
            let entry = try safetensors.entry(name)
            print(
                name, entry.dtype.rawValue, entry.shape.map(String.init).joined(separator: "×"),
                separator: "\t")
        }
    }
}
