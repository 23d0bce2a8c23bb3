import Adapters
import Formats
import Foundation
import TestSupport
import Testing

/// One setting of one method, as a study writes it, and what it must come to on the tiny BERT.
///
/// The cases are `Tests/Golden/methods/METHOD.json`, which the script that writes the goldens reads too. To add a method,
/// add its file there: the matrix in `AdapterMethodTests` then holds it to every law.
struct MethodCase: Sendable, CustomTestStringConvertible {
    /// The method's name in the table, `stack` for lists.
    let method: String
    /// The case's name among the method's goldens.
    let name: String
    /// The `adapter` section of a study, as JSON.
    let settings: String
    /// The layers that have parameters.
    let layers: [Int]
    /// How many parameters there are on the tiny BERT.
    let parameters: Int

    var testDescription: String { "\(method) \(name)" }

    /// The cases of every method.
    static let all: [MethodCase] = files.flatMap { method, entry in
        (entry["cases"]?.array ?? []).map { value in
            MethodCase(
                method: method, name: value["name"]?.string ?? "",
                settings: value["adapter"]?.encoded() ?? "",
                layers: value["layers"]?.array?.compactMap(\.int) ?? [],
                parameters: value["parameters"]?.int ?? -1)
        }
    }

    /// What the published counts are, by method.
    static let published: [PublishedCount] = files.flatMap { method, entry in
        (entry["published"]?.array ?? []).map { value in
            PublishedCount(
                method: method, backbone: value["backbone"]?.string ?? "",
                settings: value["adapter"]?.encoded() ?? "", parameters: value["parameters"]?.int ?? -1)
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
    func golden() throws -> Golden { try Golden("methods/\(method)") }

    /// The parameters that the goldens were computed with, in the layout's order.
    func goldenParameters(_ layout: ParameterLayout) throws -> [Float] {
        let golden = try golden()
        return try layout.slices.flatMap { try golden.floats("\(name).parameters.\($0.name)") }
    }
}

/// How many parameters a method has on a published backbone.
struct PublishedCount: Sendable, CustomTestStringConvertible {
    let method, backbone, settings: String
    let parameters: Int

    var testDescription: String { "\(settings) on \(backbone)" }

    var sizes: BackboneSizes { backbone == "roberta-large" ? .robertaLarge : .bertBase }
}
