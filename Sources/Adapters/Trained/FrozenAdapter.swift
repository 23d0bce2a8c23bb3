import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels

/// The bottlenecks of a trained adapter, read from the folder that its run wrote, and not trained further.
struct FrozenAdapter: Sendable {
    let method: any BottleneckMethod
    /// The method on the backbone that it was trained on.
    let bound: any BoundMethod
    /// Its tensors without the head.
    let layout: ParameterLayout
    private let values: FloatBuffer

    /// The part of an adapter's configuration that its use depends on.
    private struct Configuration: Codable {
        let adapter: JSONValue?
        let backbone: BackboneIdentity?
        let products: ProductArithmetic?
    }

    /// The methods whose adapters can be used.
    private static var methods: [String] {
        AdapterTable.all.filter { $0 is any BottleneckMethod.Type }.map { $0.name }
    }

    /// Reads adapters of one method, no two with equal values.
    ///
    /// Failures name `KEY[index]`.
    static func read(_ folders: [String], key: String, on weights: EncoderWeights) throws -> [FrozenAdapter] {
        var adapters: [FrozenAdapter] = []
        for (index, folder) in folders.enumerated() {
            let key = "\(key)[\(index)]"
            let adapter = try FrozenAdapter(folder: folder, key: key, on: weights)
            if let first = adapters.first, type(of: first.method) != type(of: adapter.method) {
                throw Failure.data(
                    "'\(folder)' was trained with \(type(of: adapter.method).name), but the first "
                        + "of the list with "
                        + type(of: first.method).name, at: key, remedy: "list adapters of one method")
            }
            if let same = adapters.firstIndex(where: { $0.hasValues(of: adapter) }) {
                throw Failure.data(
                    "'\(folder)' has the same values as '\(folders[same])'", at: key,
                    remedy: "list each adapter once; tasks with sharing: all have the same one")
            }
            adapters.append(adapter)
        }
        return adapters
    }

    /// The tensors, without gradients; valid while this value lives.
    var parameters: BoundParameters {
        BoundParameters(layout, values: UnsafePointer(values.base), gradient: nil)
    }

    private func hasValues(of other: FrozenAdapter) -> Bool {
        method.bottleneck == other.method.bottleneck && layout.count == other.layout.count
            && (0..<layout.count).allSatisfy { values.base[$0] == other.values.base[$0] }
    }

    /// Reads a folder that is named by a key of the study; an adapter that cannot be used as trained is a
    /// failure.
    private init(folder: String, key: String, on weights: EncoderWeights) throws {
        func failure(_ what: String, remedy: String) -> Failure {
            .data("'\(folder)' \(what)", at: key, remedy: remedy)
        }
        guard FileManager.default.fileExists(atPath: folder) else {
            throw failure(
                "is not there, expected the folder of a trained adapter",
                remedy: "paths are relative to where the program runs, such as runs/a/adapters/mrpc")
        }
        let description: AdapterDescription<Configuration>
        do { description = try AdapterFolder.configuration(of: folder) } catch let problem as Failure {
            throw failure(
                "is not a trained adapter: \(problem.message)",
                remedy: "name RUN/adapters/TASK of a finished run")
        }
        guard let own = description.configuration, let section = own.adapter else {
            throw failure(
                "has no adapter of this program: "
                    + "adapter_config.json has no object 'hadamesh' with its settings",
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
                "was trained by \(name), "
                    + "expected a method of bottlenecks behind or beside the feed-forward layer",
                remedy: "allowed: \(Self.methods.joined(separator: ", "))")
        }
        if method.bottleneck.norm != .none {
            throw failure(
                "has trained LayerNorms of the backbone (norm: \(method.bottleneck.norm.rawValue)), "
                    + "expected none: "
                    + "a layer has one of each, whichever adapters it mixes",
                remedy: "train \(name) with norm: none")
        }
        guard let recorded = own.backbone, recorded.checksum != nil else {
            throw failure(
                "does not say which backbone it was trained on, "
                    + "expected 'hadamesh.backbone' in adapter_config.json",
                remedy: "train that adapter anew")
        }
        let present = BackboneIdentity(of: weights)
        if let difference = recorded.difference(from: present) {
            throw failure(
                "was trained on a different backbone than the study's: \(difference)",
                remedy: "fuse adapters that were trained on the study's backbone")
        }
        // Adapters that do not say so are older than any other arithmetic.
        let products = own.products ?? .float32
        if products != weights.arithmetic {
            throw failure(
                "was trained with 'arithmetic: \(products.rawValue)', the study has "
                    + "'\(weights.arithmetic.rawValue)'",
                remedy: "set arithmetic=\(products.rawValue), or train that adapter with the study's "
                    + "arithmetic")
        }
        self.method = method
        do {
            bound = try method.bind(to: weights)
            layout = ParameterLayout(bound.slices(seed: 0))
            values = FloatBuffer(try AdapterFolder.read(layout, from: folder, leavingOutHead: true))
        } catch let problem as Failure {
            throw failure("is damaged: \(problem.description)", remedy: "copy it again, or train it anew")
        }
    }
}
