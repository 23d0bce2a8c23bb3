import Diagnostics
import Foundation

/// The weights of a Hugging Face model folder, in one safetensors file or in shards.
///
/// Opens `model.safetensors`, or the shards listed in `model.safetensors.index.json`, or the same with
/// `pytorch_model` for `model`. Pickled weights (`.bin`) execute code when loaded and are never read.
package final class SafetensorsFolder: TensorSource {
    package let path: String
    /// Sorted by name.
    package let files: [SafetensorsFile]
    package let tensors: [String: TensorEntry]
    private let fileIndex: [String: Int]

    package init(directory: String) throws {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory) else {
            throw Failure.data("no such directory", at: directory)
        }
        guard isDirectory.boolValue else {
            throw Failure.data("found a file, expected a directory", at: directory)
        }
        let found = try Self.shards(in: directory)
        let shards = found.names
        let files = try shards.map { try SafetensorsFile(path: "\(directory)/\($0)") }
        var fileIndex: [String: Int] = [:]
        for entry in found.weightMap.entries {
            let (name, shard) = (entry.name, entry.value)
            guard let index = shards.firstIndex(of: shard), files[index].tensors[name] != nil else {
                throw Failure.data(
                    "has no tensor '\(name)', though the index lists it there", at: "\(directory)/\(shard)",
                    remedy: "copy or download the folder again")
            }
            fileIndex[name] = index
        }
        for (index, file) in files.enumerated() {
            for name in file.names where fileIndex[name] != index {
                guard fileIndex.updateValue(index, forKey: name) == nil else {
                    throw Failure.data("is also in another shard", at: "\(file.path): tensor '\(name)'")
                }
            }
        }
        path = directory
        self.files = files
        self.fileIndex = fileIndex
        tensors = Dictionary(
            uniqueKeysWithValues: fileIndex.compactMap { name, index in
                files[index].tensors[name].map { (name, $0) }
            })
    }

    package func file(holding name: String) -> SafetensorsFile? { fileIndex[name].map { files[$0] } }

    /// Throws if a file was written since it was mapped.
    package func checkUnchanged() throws { for file in files { try file.checkUnchanged() } }

    /// The checksum of all files, concatenated in order of name.
    ///
    /// Reads every byte.
    package func checksum() -> UInt32 {
        var checksum = CRC32C()
        for file in files { file.add(to: &checksum) }
        return checksum.value
    }

    /// The files to open and, if there is an index, the file of each tensor.
    private struct Shards {
        let names: [String]
        /// In the index's order, so that all ranks name the same failure.
        var weightMap = NamedValues<String>([])
    }

    private static func shards(in directory: String) throws -> Shards {
        let present: [String]
        do {
            present = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
        } catch {
            throw Failure.data("cannot read the directory", at: directory, remedy: "check its permissions")
        }
        for stem in ["model", "pytorch_model"] {
            if present.contains("\(stem).safetensors") { return Shards(names: ["\(stem).safetensors"]) }
            let index = "\(stem).safetensors.index.json"
            if present.contains(index) { return try indexed(by: index, in: directory, present: present) }
        }
        let unindexed = present.filter { $0.hasPrefix("pytorch_model") && $0.hasSuffix(".safetensors") }
        if !unindexed.isEmpty { return Shards(names: unindexed) }
        if let pickle = present.first(where: { $0.hasPrefix("pytorch_model") && $0.hasSuffix(".bin") }) {
            throw Failure.data(
                "found only pickled weights (\(pickle)), which are never read because loading them runs code",
                at: directory,
                remedy: "convert them, and name models/x: python3 -c \"import transformers as t; "
                    + "n='\(directory)'; t.AutoModel.from_pretrained(n).save_pretrained('models/x'); "
                    + "t.AutoTokenizer.from_pretrained(n).save_pretrained('models/x')\"")
        }
        throw Failure.data(
            "found no weights, expected model.safetensors or model.safetensors.index.json", at: directory,
            remedy: "download a model with safetensors weights")
    }

    private static func indexed(
        by index: String, in directory: String, present: [String]
    ) throws -> Shards {
        let path = "\(directory)/\(index)"
        let json = try MappedFile(path: path).withBytes { try JSONValue(parsing: $0, at: path) }
        guard let members = json["weight_map"]?.object, !members.isEmpty else {
            throw Failure.data("has no weight_map", at: path)
        }
        let weightMap = try members.map { name, value in
            guard let shard = value.string, !shard.isEmpty, !shard.contains("/") else {
                throw Failure.data("weight_map has no file name for tensor '\(name)'", at: path)
            }
            guard present.contains(shard) else {
                throw Failure.data(
                    "weight_map names \(shard), which is not in the folder", at: path,
                    remedy: "copy or download the missing shard")
            }
            return (name, shard)
        }
        return Shards(names: Set(weightMap.map(\.1)).sorted(), weightMap: NamedValues(weightMap))
    }
}
