import Diagnostics
import Foundation

/// The local cache of the Hugging Face Hub, in the layout of `huggingface_hub`; nothing is downloaded.
///
///     models--ORG--NAME/refs/REVISION       the commit of a branch or tag
///     models--ORG--NAME/snapshots/COMMIT    the files
package struct HubCache: Sendable {
    package let path: String

    /// The cache that the environment names, as `huggingface_hub` reads it.
    package init(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
        func folder(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : Self.expanded($0, environment) }
        }
        let caches = folder("XDG_CACHE_HOME") ?? Self.expanded("~/.cache", environment)
        let home = folder("HF_HOME") ?? "\(caches)/huggingface"
        path = folder("HF_HUB_CACHE") ?? folder("HUGGINGFACE_HUB_CACHE") ?? "\(home)/hub"
    }

    /// The snapshot of a model; nil if the cache does not have the model.
    package func snapshot(of name: HubName) throws -> HubSnapshot? {
        let model = "\(path)/models--\(name.id.replacingOccurrences(of: "/", with: "--"))"
        guard FileManager.default.fileExists(atPath: model) else { return nil }
        let commit = name.isCommit ? name.revision : try commit(of: name, in: model)
        let folder = "\(model)/snapshots/\(commit)"
        guard FileManager.default.fileExists(atPath: folder) else {
            let source = name.isCommit ? "" : ", the commit in refs/\(name.revision)"
            throw Failure.data(
                "the Hugging Face cache has no files of \(name): there is no snapshots/\(commit)\(source), "
                    + "in \(model)",
                remedy: Self.remedy(for: name))
        }
        return HubSnapshot(name: name, commit: commit, folder: folder)
    }

    /// Reads `refs/REVISION`.
    private func commit(of name: HubName, in model: String) throws -> String {
        let path = "\(model)/refs/\(name.revision)"
        guard let data = FileManager.default.contents(atPath: path) else {
            let others = ((try? FileManager.default.contentsOfDirectory(atPath: "\(model)/refs")) ?? [])
                .sorted()
            throw Failure.data(
                "the Hugging Face cache has no revision '\(name.revision)' of \(name.id), in \(model); "
                    + (others.isEmpty ? "it has none" : "it has \(others.joined(separator: ", "))"),
                remedy: Self.remedy(for: name))
        }
        let commit = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard commit.wholeMatch(of: /[0-9a-f]+/) != nil else {
            throw Failure.data(
                "found '\(commit)', expected the hash of a commit", at: path, remedy: Self.remedy(for: name))
        }
        return commit
    }

    static func remedy(for name: HubName) -> String { "launch/fetch encoder hub \(name) gets it" }

    /// Replaces `~` and `$VARIABLE` or `${VARIABLE}`, of which unknown ones stay, as `huggingface_hub` does.
    private static func expanded(_ path: String, _ environment: [String: String]) -> String {
        let home = environment["HOME"] ?? NSHomeDirectory()
        let isHome = path == "~" || path.hasPrefix("~/")
        return (isHome ? home + path.dropFirst() : path).replacing(/\$(?:(\w+)|\{([^}]*)\})/) { match in
            environment[String(match.1 ?? match.2 ?? "")] ?? String(match.0)
        }
    }
}
