import Encoders
import Formats
import Foundation
import Kernels
import TestSupport
import Testing

/// A real backbone against transformers, with a file that Tests/Reference/hidden.py wrote.
@Suite("A real backbone")
struct RealBackboneTests {
    private static let file = ProcessInfo.processInfo.environment["HADAMESH_HIDDEN"]

    @Test(
        "Hidden states on real pairs agree with transformers in double precision",
        .enabled(if: file != nil, "HADAMESH_HIDDEN is not set"))
    func hiddenStates() throws {
        _ = blasThreads
        let expected = try SafetensorsFile(path: try #require(Self.file))
        let weights = try EncoderWeights(directory: try #require(expected.metadata["backbone"]))
        let ids = try expected.int64s("ids").map { Int32($0) }
        let segments = try expected.int64s("segments").map { Int32($0) }
        let offsets = try expected.int64s("offsets").map { Int($0) }
        let (encoder, workspace, d) = (Encoder(weights), Workspace(), weights.configuration.hidden)
        var batch = PackedBatch()
        for range in zip(offsets, offsets.dropFirst()).map({ $0..<$1 }) {
            batch.append(ids: Array(ids[range]), segments: Array(segments[range]), key: 0)
        }
        let found = encoder.forward(batch, nil, workspace).hidden
        let hidden = try expected.floats("hidden")
        let differences = hidden.indices.map { abs(found[$0 / d, $0 % d] - hidden[$0]) }
        withExtendedLifetime(workspace) {}
        let greatest = try #require(differences.max())
        print("\(batch.count) examples, \(batch.tokens) tokens: the greatest difference is \(greatest)")
        // Twelve layers in float of states of a few units; transformers' own floats are off by as much.
        #expect(greatest <= 1e-4)
    }
}
