import Adapters
import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
import TestSupport
import Testing

@Suite("Fusion of trained adapters")
struct FusionTests {
    static let trained = TrainedAdapters.folder

    /// A fusion of folders, with more keys.
    private static func section(_ folders: [String], _ more: [(String, JSONValue)] = []) -> JSONValue {
        .object([("method", "fusion"), ("adapters", .array(folders.map { .string($0) }))] + more)
    }

    private func model(_ folders: [String], _ more: [(String, JSONValue)] = []) throws -> AdaptedModel {
        try AdaptedModel(Self.section(folders, more).encoded())
    }

    // MARK: Adapters that can't be used

    /// A fusion of `gelu` and a spoilt copy of `swish`, which is the second of the list.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let what: String
        let remedy: String
        let spoil: @Sendable (TemporaryFolder) throws -> Void

        init(
            _ name: String, _ what: String, _ remedy: String,
            _ spoil: @escaping @Sendable (TemporaryFolder) throws -> Void
        ) {
            (testDescription, self.what, self.remedy, self.spoil) = (name, what, remedy, spoil)
        }

        /// A text of adapter_config.json replaced.
        static func configured(
            _ name: String, _ what: String, _ remedy: String, replacing part: String, by other: String
        ) -> Case {
            Case(name, what, remedy) { folder in
                let text = String(decoding: try folder.read("adapter_config.json"), as: UTF8.self)
                precondition(text.contains(part))
                try folder.write(
                    text.replacingOccurrences(of: part, with: other), to: "adapter_config.json")
            }
        }

        /// The adapter of another section.
        static func trained(
            _ name: String, _ section: JSONValue, _ what: String, _ remedy: String
        ) -> Case {
            Case(name, what, remedy) {
                try TrainedAdapters.write(section, on: TinyModel().weights, seed: 3, to: $0.path)
            }
        }
    }

    static let anew = "train that adapter anew"
    static let another = "fuse adapters that were trained on the study's backbone"
    static let finished = "name RUN/adapters/TASK of a finished run"

    @Test(
        "Each folder that can't be used is one failure with its place in the list",
        arguments: [
            Case("no folder", "is not there", "paths are relative to where the program runs") {
                try FileManager.default.removeItem(atPath: $0.path)
            },
            Case("no configuration", "is not a trained adapter: no readable", finished) {
                try FileManager.default.removeItem(atPath: $0.file("adapter_config.json"))
            },
            Case("no JSON", "is not a trained adapter: ", finished) {
                try $0.write("{", to: "adapter_config.json")
            },
            .configured(
                "another program's", "has no object 'hadamesh'", finished, replacing: "hadamesh", by: "other"),
            .configured(
                "an unknown setting", "has settings that can't be read: scal: unknown key 'scal'", anew,
                replacing: "\"scale\"", by: "\"scal\""),
            .configured(
                "no backbone", "does not say which backbone it was trained on", anew,
                replacing: "\"backbone\"", by: "\"back\""),
            .configured(
                "no checksum", "does not say which backbone it was trained on", anew,
                replacing: "\"checksum\"", by: "\"sum\""),
            .configured(
                "another shape",
                "was trained on a different backbone than the study's: it was a bert of 12 layers, width 24, 3 heads, "
                    + "feed-forward 40, this is a bert of 3 layers, width 24, 3 heads, feed-forward 40",
                another,
                replacing: "\"layers\": 3", by: "\"layers\": 12"),
            .configured(
                "another arithmetic", "was trained with 'arithmetic: bfloat16', the study has 'float32'",
                "set arithmetic=bfloat16, or train that adapter with the study's arithmetic",
                replacing: "\"backbone\":", by: "\"products\": \"bfloat16\", \"backbone\":"),
            .configured(
                "another backbone", "its weights' checksum differs", another,
                replacing: "\"checksum\": ", by: "\"checksum\": 1"),
            .trained(
                "no bottleneck", ["method": "lora"], "was trained by lora, expected a method of bottlenecks",
                "allowed: houlsby, pfeiffer, parallel"),
            .trained(
                "a stack", [["method": "pfeiffer", "bottleneck": 2], ["method": "bitfit"]],
                "was trained by stack, expected a method of bottlenecks",
                "allowed: houlsby, pfeiffer, parallel"),
            .trained(
                "trained norms", ["method": "pfeiffer", "norm": "output"],
                "has trained LayerNorms of the backbone (norm: output), expected none",
                "train pfeiffer with norm: none"),
            .trained(
                "another method", ["method": "parallel", "bottleneck": 2],
                "was trained with parallel, but the first of the list with pfeiffer",
                "list adapters of one method"),
            .trained(
                "other layers", ["method": "pfeiffer", "bottleneck": 2, "layers": "1-2"],
                "has bottlenecks in layers '1-2', but the fusion needs them in 'all'",
                "set adapter.layers to '1-2'"),
            Case("the values of the other", "has the same values as ", "list each adapter once") {
                for name in ["adapter_config.json", "adapter_model.safetensors"] {
                    try $0.write(try Data(contentsOf: URL(filePath: "\(trained)/gelu/\(name)")), to: name)
                }
            },
            Case("half a file", "is damaged: ", "copy it again, or train it anew") {
                let bytes = try $0.read("adapter_model.safetensors")
                try $0.write(bytes.prefix(bytes.count / 2), to: "adapter_model.safetensors")
            },
            .configured(
                "tensors of another width", "is damaged: ", "copy it again", replacing: "\"bottleneck\": 3",
                by: "\"bottleneck\": 4"),
            .configured(
                "a tensor too many", "has an unexpected tensor 'layer.0.pfeiffer.norm.bias'", "copy it again",
                replacing: "\"inputNorm\": true", by: "\"inputNorm\": false"),
        ])
    func refusesFolders(_ test: Case) throws {
        let folder = try TemporaryFolder(copying: "\(Self.trained)/swish")
        try test.spoil(folder)
        let section = Self.section(["\(Self.trained)/gelu", folder.path])
        let weights = try TinyModel().weights
        let method = try AdaptedModel.decode(section.encoded()).method
        // The second time nothing is left over from the first.
        for _ in 0..<2 {
            let failure = #expect(throws: Failure.self) { try method.slices(on: weights, seed: 1) }
            #expect(failure?.location == "adapter.adapters[1]", "\(String(describing: failure))")
            #expect(failure?.message.contains(test.what) == true, "\(String(describing: failure))")
            #expect(failure?.message.contains(folder.path) == true, "\(String(describing: failure))")
            #expect(failure?.remedy?.hasPrefix(test.remedy) == true, "\(String(describing: failure))")
        }
        let pruned = try AdaptedModel.decode(#"{"method": "sparse", "base": \#(section.encoded())}"#).method
        let failure = #expect(throws: Failure.self) { try pruned.slices(on: weights, seed: 1) }
        #expect(failure?.location == "adapter.base.adapters[1]")
    }

    @Test(
        "Settings that can't be followed are named with their key",
        arguments: [
            (#"{}"#, "adapters", "missing key 'adapters'"),
            (#"{"adapters": []}"#, "adapters", "lists no adapter, expected two or more"),
            (#"{"adapters": ["a"]}"#, "adapters", "lists one adapter, expected two or more"),
            (#"{"adapters": "a"}"#, "adapters", "expected a list of strings"),
            (#"{"adapters": [1, 2]}"#, "adapters[0]", "expected a string, found '1'"),
            (#"{"adapters": ["a", "b", "a"]}"#, "adapters[2]", "'a' is listed before, at 0"),
            (#"{"adapters": ["a", "b", "./x/../b/"]}"#, "adapters[2]", "'./x/../b/' is listed before, at 1"),
            (#"{"adapters": ["a", "b"], "queryInput": "key"}"#, "queryInput", "unknown value 'key'"),
            (#"{"adapters": ["a", "b"], "value": "yes"}"#, "value", "expected true or false"),
            (#"{"adapters": ["a", "b"], "valueStart": "zero"}"#, "valueStart", "unknown value 'zero'"),
            (#"{"adapters": ["a", "b"], "temperature": 0}"#, "temperature", "is 0.0, expected 0.001"),
            (#"{"adapters": ["a", "b"], "temperature": 1e300}"#, "temperature", "is 1e+300, expected"),
            (#"{"adapters": ["a", "b"], "regularization": -1}"#, "regularization", "is -1.0, expected 0"),
        ] as [(String, String, String)])
    func refusesSettings(_ section: String, _ place: String, _ what: String) throws {
        let keys = section.dropFirst().dropLast()
        let text = #"{"method": "fusion"\#(keys.isEmpty ? "" : ", ")\#(keys)}"#
        let failure = #expect(throws: Failure.self) { try AdaptedModel.decode(text) }
        #expect(failure?.kind == .usage && failure?.location == place, "\(String(describing: failure))")
        #expect(failure?.message.contains(what) == true, "\(String(describing: failure))")
    }

    @Test("A link to a folder is that folder")
    func linksAreFollowed() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("link"), withDestinationPath: "\(Self.trained)/gelu")
        let failure = #expect(throws: Failure.self) {
            try model(["\(Self.trained)/gelu", folder.file("link")])
        }
        #expect(failure?.location == "adapters[1]")
    }

    @Test("Adapters that were trained on the same weights in another file are refused")
    func otherFilesAreOtherBackbones() throws {
        let other = try TinyModel(directory: TinyModel.variant("sharded")).weights
        let tiny = try TinyModel().weights
        #expect(other.checksum != nil && other.checksum != tiny.checksum)
        let section = Self.section(["\(Self.trained)/gelu", "\(Self.trained)/swish"])
        let method = try AdaptedModel.decode(section.encoded()).method
        let failure = #expect(throws: Failure.self) { try method.slices(on: other, seed: 1) }
        #expect(failure?.location == "adapter.adapters[0]")
        #expect(failure?.message.contains("checksum differs") == true)
    }

    // MARK: Values

    @Test("Defaults are those of the published code")
    func defaults() throws {
        let method = try #require(
            try AdaptedModel.decode(Self.section(["a", "b"]).encoded()).method as? Fusion)
        #expect(method.queryInput == .normalized && method.value && !method.residualBefore)
        #expect(method.valueStart == .nearIdentity && method.temperature == 1)
        #expect(method.regularization == 0.01 && method.layers == .all)
        let files = ["a", "b"].flatMap { ["\($0)/adapter_config.json", "\($0)/adapter_model.safetensors"] }
        #expect(method.inputFiles == files)
        #expect(!(method is any PrunedMethod) && !(method is any WidenableMethod))
    }

    @Test("W_V starts as the identity, query and key near 0, biases at 0; the matrices can be pruned")
    func starts() throws {
        let folders = ["\(Self.trained)/gelu", "\(Self.trained)/swish"]
        for (start, elsewhere) in [("near-identity", 1e-6), ("identity", 0)] as [(JSONValue, Float)] {
            let layout = try model(folders, [("valueStart", start)]).layout
            let value = try #require(layout.slice("layer.1.fusion.value.weight")).initial
            #expect(value == (0..<576).map { $0 / 24 == $0 % 24 ? 1 : elsewhere })
            for slice in layout.slices {
                #expect(slice.isPrunable == (slice.kind == .weight))
                if slice.kind == .bias { #expect(slice.initial.allSatisfy { $0 == 0 }) }
            }
            let query = try #require(layout.slice("layer.1.fusion.query.weight")).initial
            let deviation = (query.reduce(0) { $0 + $1 * $1 } / 576).squareRoot()
            #expect(abs(deviation - 0.02) < 0.002)
        }
    }

    @Test("Adapters that compute the same are mixed to what each of them computes")
    func equalAdaptersAreOne() throws {
        let folder = try TemporaryFolder()
        let weights = try TinyModel().weights
        let section: JSONValue = ["method": "pfeiffer", "bottleneck": 4]
        try TrainedAdapters.write(section, on: weights, seed: 1, to: folder.file("one"))
        let alone = try AdaptedModel(section.encoded())
        let one = try AdapterFolder.read(alone.layout, from: folder.file("one"), leavingOutHead: true)
        // Twice the matrix and half the scale.
        var two = one
        for (slice, range) in zip(alone.layout.slices, alone.layout.ranges) where slice.name.contains(".up.")
        {
            for index in range { two[index] *= 2 }
        }
        try AdapterFolder.write(
            alone.layout, two,
            configuration: [
                "hadamesh": [
                    "adapter": ["method": "pfeiffer", "bottleneck": 4, "scale": 0.5],
                    "backbone": try JSONValue(encoding: BackboneIdentity(of: weights)),
                ]
            ] as JSONValue, to: folder.file("two"))
        let fused = try model([folder.file("one"), folder.file("two")], [("value", false)])
        for distance in [Float(0), 0.5] {
            let outputs = fused.outputs(fused.parameters(movedBy: distance))
            #expect(mismatch(outputs, alone.outputs(one), Tolerance(absolute: 1e-6, relative: 1e-5)) == nil)
        }
    }

    @Test("Folders are read when the method is bound to a backbone, and not again")
    func readsOnce() throws {
        let folder = try TemporaryFolder(copying: Self.trained)
        let method = try AdaptedModel.decode(
            Self.section([folder.file("gelu"), folder.file("swish")]).encoded()
        ).method
        let bound = try method.bind(to: TinyModel().weights)
        let expected = bound.slices(seed: 5)
        try FileManager.default.removeItem(atPath: folder.path)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in #expect(bound.slices(seed: 5) == expected) }
        #expect(bound.addedOperations(tokens: 3) > 0)
        let failure = #expect(throws: Failure.self) { try method.bind(to: TinyModel().weights) }
        #expect(failure?.message.contains("is not there") == true)
    }

    @Test("Operations are those of the frozen bottlenecks and of the attention over them")
    func operations() throws {
        let weights = try TinyModel().weights
        func operations(_ value: Bool) throws -> Double {
            let section = Self.section(
                ["\(Self.trained)/gelu", "\(Self.trained)/swish"], [("value", .bool(value))])
            return try AdaptedModel.decode(section.encoded()).method.addedOperations(on: weights, tokens: 9)
        }
        let frozen = 3 * (4 * 24 * 6 + 4 * 24 * 3)
        #expect(try operations(true) == Double(frozen + 3 * (6 * 24 * 24 + 8 * 24)))
        #expect(try operations(false) == Double(frozen + 3 * (4 * 24 * 24 + 8 * 24)))
    }

    // MARK: The term of the loss

    @Test("The loss has λ times the squared distance of W_V to the identity, with its gradient")
    func penalty() throws {
        let fusion = Self.section(
            ["\(Self.trained)/gelu", "\(Self.trained)/swish"], [("regularization", 0.25)])
        for settings in [fusion, [fusion], ["method": "sparse", "base": fusion]] as [JSONValue] {
            let model = try AdaptedModel(settings.encoded())
            let values = model.parameters(movedBy: 0.2)
            var expected = 0.0
            for (slice, range) in zip(model.layout.slices, model.layout.ranges)
            where slice.name.hasSuffix("value.weight") {
                for (index, value) in values[range].enumerated() {
                    let difference = Double(value) - (index / 24 == index % 24 ? 1 : 0)
                    expected += 0.25 * difference * difference
                }
            }
            let memory = GuardedMatrix(values)
            func penalty(_ factor: Double, _ gradient: GuardedMatrix? = nil) -> Double {
                model.method.members((any PenalizedMethod).self).reduce(0) {
                    $0
                        + $1.penalty(
                            BoundParameters(model.layout, values: memory.base, gradient: gradient?.base),
                            times: factor)
                }
            }
            let gradient = GuardedMatrix(1, model.layout.count, filledWith: 1)
            #expect(abs(penalty(3, gradient) - 3 * expected) < 1e-4 * expected)
            #expect(abs(penalty(1) - expected) < 1e-4 * expected)
            for (slice, range) in zip(model.layout.slices, model.layout.ranges) {
                let slopes = values[range].enumerated().map { index, value -> Float in
                    slice.name.hasSuffix("value.weight")
                        ? 3 * 0.5 * (value - (index / 24 == index % 24 ? 1 : 0)) : 0
                }
                let found = gradient.values[range].map { $0 - 1 }
                #expect(mismatch(found, slopes, Tolerance(absolute: 1e-5), slice.name) == nil)
            }
        }
    }
}
