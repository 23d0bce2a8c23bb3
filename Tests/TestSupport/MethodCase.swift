package import Adapters
import Diagnostics
package import Encoders
package import Formats
import Foundation

/// One setting of one method, as a study writes it, with its goldens on the tiny BERT.
///
/// The cases are in `Tests/Golden/methods/METHOD.json`, which the script that writes the goldens reads too. A
/// new method's file there is enough: the matrix in `AdapterMethodTests` then holds it to every law.
package struct MethodCase: Sendable, CustomStringConvertible {
    /// The method's name in the table, `stack` for lists.
    package let method: String
    /// The case's name among the method's goldens.
    package let name: String
    /// The `adapter` section of a study.
    package let section: JSONValue
    /// The layers that have parameters.
    package let layers: [Int]
    /// How many parameters there are on the tiny BERT.
    package let parameters: Int
    /// Whether the outputs have slopes everywhere; `"smooth": false` for kinks such as ReLU's.
    package let isSmooth: Bool

    /// A case of a method that the section contains, without expected values of its own.
    package func with(_ section: JSONValue) -> MethodCase {
        MethodCase(
            method: section["method"]?.string ?? "stack", name: name, section: section, layers: [],
            parameters: -1, isSmooth: isSmooth)
    }

    /// Whether it reads adapters that were trained on the tiny BERT, and so on no other backbone.
    package var readsTrainedAdapters: Bool { settings.contains("/methods/trained/") }

    /// Whether it trains the encoder's pooler, which the head must read then.
    package var trainsPooler: Bool { Self.trainsPooler(section) }

    private static func trainsPooler(_ section: JSONValue) -> Bool {
        (section.array ?? [section["base"]].compactMap { $0 }).contains(where: trainsPooler)
            || section["pooler"]?.bool == true
    }

    /// The section as JSON.
    package var settings: String { section.encoded() }

    /// How a test shows it.
    package var description: String { "\(method) \(name)" }

    /// The cases that finite differences can judge.
    package static let smooth = all.filter(\.isSmooth)

    /// The cases of every method.
    package static let all: [MethodCase] = files.flatMap { method, entry in
        (entry["cases"]?.array ?? []).map { value in
            MethodCase(
                method: method, name: value["name"]?.string ?? "",
                section: TrainedAdapters.resolve(value["adapter"] ?? .null),
                layers: value["layers"]?.array?.compactMap(\.int) ?? [],
                parameters: value["parameters"]?.int ?? -1, isSmooth: value["smooth"]?.bool ?? true)
        }
    }

    /// The published counts, by method.
    package static let published: [PublishedCount] = files.flatMap { method, entry in
        (entry["published"]?.array ?? []).map { value in
            PublishedCount(
                method: method, backbone: value["backbone"]?.string ?? "",
                section: value["adapter"] ?? .null, parameters: value["parameters"]?.int ?? -1)
        }
    }

    private static let files: [(String, JSONValue)] = {
        let folder = "\(Golden.folder)/methods"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted().map { name in
            let path = "\(folder)/\(name)"
            guard let data = FileManager.default.contents(atPath: path),
                let object = try? JSONValue(parsing: data, at: path)
            else { preconditionFailure("no readable \(path)") }
            return (String(name.dropLast(".json".count)), object)
        }
    }()

    /// The expected values of the method's cases.
    package func golden() throws -> Golden { try Golden("methods/\(method)") }

    /// The parameters that the goldens were computed with, in the layout's order.
    package func goldenParameters(_ layout: ParameterLayout, on family: EncoderFamily = .bert) throws
        -> [Float]
    {
        let golden = try golden()
        let samples = family == .bert ? nil : try GoldenSamples(of: self, on: family)
        return try layout.slices.flatMap { slice in
            try samples?.parameter(slice.name) ?? golden.floats("\(name).parameters.\(slice.name)")
        }
    }
}

/// How many parameters a method has on a published backbone.
package struct PublishedCount: Sendable, CustomStringConvertible {
    /// The method's name, and the backbone's.
    package let method, backbone: String
    /// The `adapter` section, in which `{trained}` may stand for a folder.
    private let section: JSONValue
    /// The count.
    package let parameters: Int

    init(method: String, backbone: String, section: JSONValue, parameters: Int) {
        self.method = method
        self.backbone = backbone
        self.section = section
        self.parameters = parameters
    }

    /// How a test shows it.
    package var description: String { "\(section.encoded()) on \(backbone)" }

    /// The section as JSON, where trained adapters that it names are written to a folder.
    package func settings(on weights: EncoderWeights, _ folder: TemporaryFolder) throws -> String {
        let settings = TrainedAdapters.resolve(section, in: folder.path)
        if settings != section { try TrainedAdapters.write(on: weights, to: folder.path) }
        return settings.encoded()
    }

    /// The backbone's shapes.
    package var sizes: BackboneSizes { backbone == "roberta-large" ? .robertaLarge : .bertBase }
}
