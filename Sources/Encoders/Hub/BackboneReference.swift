import Diagnostics
import Foundation

/// A backbone as a study or an option names it, and its folder.
///
/// `hf:ORG/NAME` is a model in the local cache of the Hugging Face Hub. Another text is the path of a folder
/// or, if there is none, such a model without `hf:`. Either may end with `@REVISION`.
package struct BackboneReference: Sendable, Equatable, Encodable, CustomStringConvertible {
    /// The path or name as it was written.
    package let name: String
    /// The folder of config.json, weights and tokenizer, which may be missing if the name is a path.
    package let folder: String
    /// The model's snapshot; nil if the name is a path.
    package let snapshot: HubSnapshot?

    /// The beginning of a name that is never a path.
    package static let prefix = "hf:"

    /// Looks the name up; one with `hf:` that the cache does not have is a failure.
    package init(_ name: String, in cache: HubCache = HubCache()) throws {
        self.name = name
        if name.hasPrefix(Self.prefix) {
            guard let model = HubName(String(name.dropFirst(Self.prefix.count))) else {
                throw Failure.usage(
                    "\(name) is not a model's name, expected hf:ORG/NAME or hf:ORG/NAME@REVISION")
            }
            guard let found = try cache.snapshot(of: model) else {
                throw Failure.data(
                    "\(name) is not in the Hugging Face cache \(cache.path)",
                    remedy: HubCache.remedy(for: model))
            }
            snapshot = found
        } else {
            let isThere = FileManager.default.fileExists(atPath: name)
            snapshot = isThere ? nil : try HubName(name).flatMap { try cache.snapshot(of: $0) }
        }
        folder = snapshot?.folder ?? name
    }

    /// The name by which other software finds the backbone: the Hub's, or the path.
    package var publicName: String { snapshot?.name.id ?? name }

    package var description: String { name }

    package func encode(to encoder: any Swift.Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }

    /// Refuses a path at which there is nothing.
    package static func requireFolder(_ path: String) throws {
        if FileManager.default.fileExists(atPath: path) { return }
        guard let model = HubName(path) else {
            throw Failure.data(
                "no such folder", at: path,
                remedy: "name a Hugging Face folder, or a model in the Hugging Face cache: hf:ORG/NAME")
        }
        throw Failure.data(
            "no such folder, and no such model in the Hugging Face cache \(HubCache().path)", at: path,
            remedy: HubCache.remedy(for: model))
    }
}
