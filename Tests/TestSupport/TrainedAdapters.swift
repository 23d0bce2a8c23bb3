import Adapters
import Diagnostics
package import Encoders
package import Formats
import Foundation
import Kernels

/// Adapters as runs leave them, for methods that build on others'.
///
/// In the cases of methods `{trained}` stands for their folder.
package enum TrainedAdapters {
    /// Those of the tiny BERT, which the script that writes the goldens makes from `adapters.json`.
    package static let folder = "\(Golden.folder)/methods/trained"

    /// A section with `{trained}` replaced by a folder.
    package static func resolve(_ section: JSONValue, in folder: String = folder) -> JSONValue {
        switch section {
        case .string(let text): .string(text.replacingOccurrences(of: "{trained}", with: folder))
        case .array(let elements): .array(elements.map { resolve($0, in: folder) })
        case .object(let members): .object(members.map { ($0, resolve($1, in: folder)) })
        default: section
        }
    }

    /// Writes all of `adapters.json` for another backbone: as they start, each moved a little.
    package static func write(on weights: EncoderWeights, to folder: String) throws {
        for (name, section) in try sections() {
            try write(section, on: weights, seed: FNV1a.hash(name), to: "\(folder)/\(name)")
        }
    }

    /// Copies those of the tiny BERT for another backbone of its shape.
    package static func copy(for weights: EncoderWeights, to folder: String) throws {
        for (name, section) in try sections() {
            try Directory.create("\(folder)/\(name)")
            try FileManager.default.copyItem(
                atPath: "\(Self.folder)/\(name)/adapter_model.safetensors",
                toPath: "\(folder)/\(name)/adapter_model.safetensors")
            try AtomicFile.write(
                Data(try configuration(of: section, on: weights).encoded().utf8),
                to: "\(folder)/\(name)/adapter_config.json")
        }
    }

    private static func sections() throws -> [(String, JSONValue)] {
        let path = "\(folder)/adapters.json"
        guard let data = FileManager.default.contents(atPath: path),
            let sections = try JSONValue(parsing: data, at: path).object
        else { preconditionFailure("no readable \(path)") }
        return sections
    }

    private static func configuration(of section: JSONValue, on weights: EncoderWeights) throws -> JSONValue {
        try [
            "hadamesh": ["adapter": section, "backbone": JSONValue(encoding: BackboneIdentity(of: weights))]
        ]
    }

    /// Writes an adapter as a run with one head would; its values are a function of the seed.
    package static func write(
        _ section: JSONValue, on weights: EncoderWeights, seed: UInt64, to folder: String
    ) throws {
        let method = try AdapterSettings(json: section).method
        let head = ParameterSlice(
            TensorName(TensorName.head, "weight"), .head, [2, weights.configuration.hidden], .constant(0))
        let layout = ParameterLayout(try method.slices(on: weights, seed: seed) + [head])
        let random = CounterRandom(seed: seed, .initialization)
        let values = layout.initial.enumerated().map {
            $1 + 0.3 * Float(2 * random.uniform(UInt64($0)) - 1)
        }
        try AdapterFolder.write(
            layout, values, configuration: configuration(of: section, on: weights), to: folder)
    }
}
