import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
import Synchronization

/// The bottlenecks of a trained adapter, read from the folder that its run wrote, and never changed.
struct FrozenAdapter: Sendable {
    /// The adapter's method with its settings.
    let method: any BottleneckMethod
    /// Its tensors without the head.
    let layout: ParameterLayout
    private let values: FloatBuffer

    /// The tensors to compute with, which want no gradients; valid while this lives.
    var parameters: BoundParameters {
        BoundParameters(layout, values: UnsafePointer(values.base), gradient: nil)
    }

    fileprivate func hasValues(of other: FrozenAdapter) -> Bool {
        method.bottleneck == other.method.bottleneck && layout.count == other.layout.count
            && (0..<layout.count).allSatisfy { values.base[$0] == other.values.base[$0] }
    }

    /// Reads a folder that is named by a key of the study; whatever can't be used as it was trained is a failure.
    fileprivate init(folder: String, key: String, on weights: EncoderWeights) throws {
        func failure(_ what: String, remedy: String) -> Failure {
            .data("'\(folder)' \(what)", at: key, remedy: remedy)
        }
        guard FileManager.default.fileExists(atPath: folder) else {
            throw failure(
                "is not there, expected the folder of a trained adapter",
                remedy: "paths are relative to where the program runs, such as runs/a/adapters/mrpc")
        }
        let configuration: JSONValue
        do { configuration = try AdapterFolder.configuration(of: folder) } catch let problem as Failure {
            throw failure(
                "is not a trained adapter: \(problem.what)",
                remedy: "name RUN/adapters/TASK of a finished run")
        }
        guard let own = configuration["hadamesh"], let section = own["adapter"] else {
            throw failure(
                "has no adapter of this program: adapter_config.json has no object 'hadamesh' with its settings",
                remedy: "name RUN/adapters/TASK of a finished run")
        }
        let trained: any AdapterMethod
        do {
            trained = try AdapterSettings(json: section).method
        } catch let problem as Failure {
            throw failure(
                "has settings that can't be read: \(problem.description)", remedy: "train that adapter anew")
        }
        let name = type(of: trained).name
        guard let method = trained as? any BottleneckMethod else {
            throw failure(
                "was trained by \(name), expected a method of bottlenecks behind or beside the feed-forward layer",
                remedy: "allowed: \(FrozenAdapters.methods.joined(separator: ", "))")
        }
        if method.bottleneck.norm != .none {
            throw failure(
                "has trained LayerNorms of the backbone (norm: \(method.bottleneck.norm.rawValue)), expected none: "
                    + "a layer has one of each, whichever adapters it mixes",
                remedy: "train \(name) with norm: none")
        }
        let known = own["backbone"]
        guard let recorded = try? known?.decoded(as: BackboneIdentity.self, from: folder) else {
            throw failure(
                "does not say which backbone it was trained on, expected 'hadamesh.backbone' in adapter_config.json",
                remedy: "train that adapter anew")
        }
        let present = BackboneIdentity(of: weights)
        if let difference = recorded.difference(from: present) {
            throw failure(
                "was trained on another backbone than the study's: \(difference)",
                remedy: "fuse adapters that were trained on the study's backbone")
        }
        self.method = method
        do {
            layout = ParameterLayout(try method.slices(on: weights, seed: 0))
            values = FloatBuffer(try AdapterFolder.read(layout, from: folder, leavingOutHead: true))
        } catch let problem as Failure {
            throw failure("is damaged: \(problem.description)", remedy: "copy it again, or train it anew")
        }
    }
}

/// Adapters of other runs that a method builds on: folders by name, read once for a backbone.
///
/// Threads may share it; what was read is not read again for another step.
final class FrozenAdapters: Sendable {
    /// The folders as the study names them.
    let folders: [String]
    private let known = Mutex<(weights: EncoderWeights, adapters: [FrozenAdapter])?>(nil)

    /// The methods whose adapters can be used.
    static var methods: [String] {
        AdapterTable.all.filter { $0 is any BottleneckMethod.Type }.map { $0.name }
    }

    /// Names folders, none of them twice.
    init(_ folders: [String]) { self.folders = folders }

    /// The adapters in the order of their folders, all of one method, no two with the same values.
    ///
    /// Failures name `KEY[index]`.
    func adapters(on weights: EncoderWeights, key: String) throws -> [FrozenAdapter] {
        try known.withLock { known in
            if let known, known.weights === weights { return known.adapters }
            var adapters: [FrozenAdapter] = []
            for (index, folder) in folders.enumerated() {
                let key = "\(key)[\(index)]"
                let adapter = try FrozenAdapter(folder: folder, key: key, on: weights)
                if let first = adapters.first, type(of: first.method) != type(of: adapter.method) {
                    throw Failure.data(
                        "'\(folder)' was trained by \(type(of: adapter.method).name), the first of the list by "
                            + type(of: first.method).name, at: key, remedy: "list adapters of one method")
                }
                if let same = adapters.firstIndex(where: { $0.hasValues(of: adapter) }) {
                    throw Failure.data(
                        "'\(folder)' has the same values as '\(folders[same])'", at: key,
                        remedy:
                            "list each adapter once; tasks that share one (sharing: all) have it in common")
                }
                adapters.append(adapter)
            }
            known = (weights, adapters)
            return adapters
        }
    }
}
