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
        let path = "\(Self.folder)/adapters.json"
        guard let data = FileManager.default.contents(atPath: path),
            let sections = try JSONValue(parsing: data, at: path).object
        else { preconditionFailure("no readable \(path)") }
        for (name, section) in sections {
            try write(section, on: weights, seed: FNV1a.hash(name), to: "\(folder)/\(name)")
        }
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
        let configuration: JSONValue = try [
            "hadamesh": ["adapter": section, "backbone": JSONValue(encoding: BackboneIdentity(of: weights))]
        ]
        try AdapterFolder.write(layout, values, configuration: configuration, to: folder)
    }
}
