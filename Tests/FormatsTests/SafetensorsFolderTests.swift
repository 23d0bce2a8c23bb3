import Diagnostics
import Formats
import Foundation
import TestSupport
import Testing

@Suite struct SafetensorsFolderTests {
    let directory: TemporaryFolder

    init() throws { directory = try TemporaryFolder() }

    private func write(_ names: [String], to file: String) throws {
        let tensors = names.enumerated().map {
            NamedTensor(name: $1, shape: [2], values: .float([Float($0), Float($1.utf8.count)]))
        }
        try Safetensors.write(tensors, to: directory.file(file))
    }

    private func writeIndex(_ map: String, name: String = "model.safetensors.index.json") throws {
        try directory.write(Data(#"{"metadata":{},"weight_map":\#(map)}"#.utf8), to: name)
    }

    private func failure() throws -> String {
        try #require(throws: Failure.self) { try SafetensorsFolder(directory: directory.path) }.description
    }

    @Test(arguments: [
        "model.safetensors", "pytorch_model.safetensors", "pytorch_model-00001-of-00001.safetensors",
    ])
    func aSingleFileIsFound(name: String) throws {
        try write(["a"], to: name)
        let folder = try SafetensorsFolder(directory: directory.path)
        #expect(folder.names == ["a"])
        #expect(try folder.floats("a") == [0, 1])
    }

    @Test func shardsAreOneCatalogue() throws {
        try write(["a", "bb"], to: "model-1.safetensors")
        try write(["ccc"], to: "model-2.safetensors")
        try writeIndex(#"{"a":"model-1.safetensors","bb":"model-1.safetensors","ccc":"model-2.safetensors"}"#)
        let folder = try SafetensorsFolder(directory: directory.path)
        #expect(folder.names == ["a", "bb", "ccc"])
        #expect(folder.mappedFloats("ccc").map(Array.init) == [0, 3])
        #expect(try folder.floats("bb") == [1, 2])
        #expect(folder.file(holding: "ccc")?.path == directory.file("model-2.safetensors"))
        #expect(folder.file(holding: "d") == nil)
    }

    @Test func theSingleFileWinsOverAnIndex() throws {
        try write(["a"], to: "model.safetensors")
        try writeIndex(#"{"b":"absent.safetensors"}"#)
        #expect(try SafetensorsFolder(directory: directory.path).names == ["a"])
    }

    @Test func aMissingShardIsNamed() throws {
        try writeIndex(#"{"a":"model-1.safetensors"}"#)
        #expect(try failure().contains("names model-1.safetensors, which is not in the folder"))
    }

    @Test func aTensorAbsentFromItsShardIsNamed() throws {
        try write(["a"], to: "model-1.safetensors")
        try writeIndex(#"{"a":"model-1.safetensors","b":"model-1.safetensors"}"#)
        #expect(
            try failure().contains("model-1.safetensors: has no tensor 'b', though the index lists it there"))
    }

    @Test func aTensorInTwoShardsIsNamed() throws {
        try write(["a", "b"], to: "model-1.safetensors")
        try write(["b"], to: "model-2.safetensors")
        try writeIndex(#"{"a":"model-1.safetensors","b":"model-2.safetensors"}"#)
        #expect(try failure().contains("tensor 'b': is also in another shard"))
    }

    @Test(arguments: [#"{"a":"../model.safetensors"}"#, #"{"a":3}"#, #"{"a":""}"#, "{}", "[]"])
    func anIndexThatPlacesTensorsNowhereIsRefused(map: String) throws {
        try writeIndex(map)
        #expect(try failure().contains("weight_map"))
    }

    @Test func pickledWeightsAreNeverRead() throws {
        try directory.write(Data("anything".utf8), to: "pytorch_model.bin")
        let text = try failure()
        #expect(text.contains("never read") && text.contains("n='\(directory.path)'; t.AutoModel"))
    }

    @Test func aFolderWithoutWeightsIsNamed() throws {
        #expect(try failure().contains("found no weights"))
        #expect(throws: Failure.self) { try SafetensorsFolder(directory: directory.file("absent")) }
        let file = try directory.write(Data(), to: "file")
        #expect(throws: Failure.data("found a file, expected a directory", at: file)) {
            try SafetensorsFolder(directory: file)
        }
    }
}
