import Formats

/// A start of a run, for the record: when, on which machines, and with which settings that change no bit.
package struct RunStart: Codable, Sendable, Equatable {
    /// The ranks of one node, and the names of their kernels.
    package struct Node: Codable, Sendable, Equatable {
        package let node: String
        package let ranks: Int
        package let kernels: [String]

        package init(node: String, kernels: [String]) {
            (self.node, ranks, self.kernels) = (node, kernels.count, Set(kernels).sorted())
        }
    }

    /// The backbone's folder, and the bytes of its weights on each rank.
    package struct Backbone: Codable, Sendable, Equatable {
        let path: String
        /// The model on the Hugging Face Hub and its commit; nil for a backbone that was named by its path.
        let model, revision: String?
        let mappedBytes, sharedBytes, copiedBytes, prepackedBytes: Int

        package init(
            path: String, model: String? = nil, revision: String? = nil, mappedBytes: Int, sharedBytes: Int,
            copiedBytes: Int, prepackedBytes: Int
        ) {
            (self.path, self.model, self.revision) = (path, model, revision)
            (self.mappedBytes, self.sharedBytes) = (mappedBytes, sharedBytes)
            (self.copiedBytes, self.prepackedBytes) = (copiedBytes, prepackedBytes)
        }

        /// The model at the beginning of its commit's hash, or the path.
        package var words: String { model.map { "\($0)@\((revision ?? "").prefix(12))" } ?? path }
    }

    let time: String
    /// The path of the study file; nil for a start with `--resume RUN`.
    package let study: String?
    /// The step of the checkpoint that it resumed from; nil for a start from the first step.
    let resumedFrom: Int?
    let version: String
    let ranks: Int
    let nodes: [Node]
    /// The settings that do not affect bits.
    private let settings: JSONValue
    let mpi, bits: String
    package let backbone: Backbone

    /// The headings of ``cells``.
    package static let heads = [
        "time", "from step", "version", "kernels", "ranks", "nodes", "MPI", "backbone",
    ]

    /// The start as a row of a table.
    package var cells: [String] {
        [
            time, resumedFrom.map(String.init) ?? "0", version, bits, "\(ranks)",
            nodes.map(\.node).joined(separator: ", "), mpi, backbone.words,
        ]
    }

    package init(
        time: String, study: String? = nil, resumedFrom: Int?, version: String, nodes: [Node],
        settings: some Encodable, mpi: String,
        bits: String, backbone: Backbone
    ) throws {
        (self.time, self.study, self.resumedFrom) = (time, study, resumedFrom)
        (self.version, self.nodes) = (version, nodes)
        ranks = nodes.reduce(0) { $0 + $1.ranks }
        self.settings = try JSONValue(encoding: settings)
        (self.mpi, self.bits, self.backbone) = (mpi, bits, backbone)
    }
}
