import Adapters
import Diagnostics
import Formats
import Foundation
import TestSupport
import Testing

@Suite("Adapter folders and layouts")
struct AdapterFolderTests {
    private static func slice(_ name: String, _ shape: [Int], _ kind: ParameterKind = .weight)
        -> ParameterSlice
    {
        ParameterSlice(
            TensorName("", name), kind, shape,
            .values((0..<shape.reduce(1, *)).map { Float($0) + Float(name.count) }))
    }

    private let layout = ParameterLayout([
        slice("layer.0.b", [3], .bias), slice("layer.0.a", [2, 2]), slice("head.weight", [2, 3], .head),
    ])

    @Test("A layout lays slices end to end in their order")
    func layouts() {
        #expect(layout.count == 13 && layout.adapterCount == 7)
        #expect(layout.ranges == [0..<3, 3..<7, 7..<13])
        #expect(layout["layer.0.a"] == 3..<7 && layout["layer.0.c"] == nil)
        #expect(layout.initial == layout.slices.flatMap(\.initial))
        #expect(ParameterLayout([]).count == 0)
    }

    @Test("Tensors keep names and shapes, the configuration comes back, equal values are equal bytes")
    func writes() throws {
        let folder = try TemporaryFolder()
        let configuration: JSONValue = [
            "method": "hadamard", "layers": "4-11", "nested": ["list": [1, 2.5, nil]],
        ]
        for name in ["new/a", "new/b"] {
            try AdapterFolder.write(
                layout, layout.initial, configuration: configuration, to: folder.file(name))
        }
        #expect(try AdapterFolder.read(layout, from: folder.file("new/a")) == layout.initial)
        #expect(try AdapterFolder.configuration(of: folder.file("new/a")) == configuration)
        for file in ["adapter_model.safetensors", "adapter_config.json"] {
            #expect(try folder.read("new/a/\(file)") == folder.read("new/b/\(file)"))
        }
        let text = String(decoding: try folder.read("new/a/adapter_config.json"), as: UTF8.self)
        #expect(text.hasSuffix("}\n") && !text.hasSuffix("\n\n"))
        let file = try SafetensorsFile(path: folder.file("new/a/adapter_model.safetensors"))
        #expect(file.names == ["head.weight", "layer.0.a", "layer.0.b"])
        #expect(try file.entry("head.weight").shape == [2, 3])
        #expect(file.metadata == ["format": "pt"])
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.file("new/a"))
        #expect(files.sorted() == ["adapter_config.json", "adapter_model.safetensors"])
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let slices: [ParameterSlice]
        let message: String
        var testDescription: String { message }
    }

    @Test(
        "Missing, extra and misshapen tensors are named",
        arguments: [
            Case(
                slices: [slice("layer.0.b", [3]), slice("layer.0.a", [2, 2])],
                message: "tensor 'head.weight' is missing"),
            Case(
                slices: [
                    slice("layer.0.b", [3]), slice("layer.0.a", [2, 2]), slice("head.weight", [2, 3]),
                    slice("layer.9.a", [1]),
                ], message: "has an unexpected tensor 'layer.9.a'"),
            Case(
                slices: [slice("layer.0.b", [3]), slice("layer.0.a", [4]), slice("head.weight", [2, 3])],
                message: "tensor 'layer.0.a' has shape [4], expected [2, 2]"),
        ])
    func refuses(_ test: Case) throws {
        let folder = try TemporaryFolder()
        let other = ParameterLayout(test.slices)
        try AdapterFolder.write(other, other.initial, configuration: [Int](), to: folder.path)
        let failure = #expect(throws: Failure.self) { try AdapterFolder.read(layout, from: folder.path) }
        #expect(failure?.message == test.message)
        #expect(failure?.location == folder.file("adapter_model.safetensors"))
        #expect(failure?.kind == .data)
    }

    @Test("Folders without the files, or with others in their place, are named")
    func refusesFolders() throws {
        let folder = try TemporaryFolder()
        let missing = #expect(throws: Failure.self) { try AdapterFolder.read(layout, from: folder.path) }
        #expect(missing?.location?.hasPrefix(folder.file("adapter_model.safetensors")) == true)
        let unknown = #expect(throws: Failure.self) {
            try AdapterFolder.configuration(of: folder.path, as: JSONValue.self)
        }
        #expect(unknown?.location == folder.file("adapter_config.json"))
        try folder.write("not JSON", to: "adapter_config.json")
        #expect(throws: Failure.self) {
            try AdapterFolder.configuration(of: folder.path, as: JSONValue.self)
        }
        try folder.write("a file", to: "taken")
        let taken = #expect(throws: Failure.self) {
            try AdapterFolder.write(
                layout, layout.initial, configuration: [Int](), to: folder.file("taken/inside"))
        }
        #expect(taken?.kind == .data)
    }
}
