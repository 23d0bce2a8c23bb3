import Diagnostics
import Runs

/// The similarity of trained adapters: cosines and norms of the change of each tensor in training.
///
/// For the changes u and v of a tensor in two adapters: cos = u·v / (|u| |v|).
package struct AdapterSimilarity: Sendable {
    /// An adapter.
    package struct Member: Sendable {
        /// The name in tables.
        package let name: String
        /// The owner of each tensor, in the order of the tensors; adapters with the same owner share the
        /// tensor.
        package let owners: [String]

        package init(name: String, owners: [String]) { (self.name, self.owners) = (name, owners) }
    }

    /// A tensor of every adapter.
    package struct Tensor: Sendable, Equatable {
        /// The name, equal in all layers.
        package let name: String
        /// Nil for a tensor outside the layers.
        package let layer: Int?

        package init(name: String, layer: Int?) { (self.name, self.layer) = (name, layer) }
    }

    /// The relation of two adapters' versions of a tensor.
    enum Likeness: Equatable {
        /// Both adapters own the same tensor.
        case shared
        /// The cosine of the changes; nil if one of them is zero.
        case cosine(Double?)

        var own: Double? { if case .cosine(let value) = self { value } else { nil } }
    }

    /// A tensor's likeness for each pair, and norm for each adapter.
    struct Row {
        let tensor: Tensor
        let likenesses: [Likeness]
        let norms: [Double]
    }

    let members: [Member]
    /// Pairs of indices of ``members``, the first below the second.
    let pairs: [(Int, Int)]
    let rows: [Row]

    /// Compares at least two adapters; `change` returns a tensor's change by member and tensor.
    ///
    /// Only one tensor's changes are in memory at a time.
    package init(_ members: [Member], _ tensors: [Tensor], change: (_ member: Int, _ tensor: Int) -> [Float])
        throws
    {
        guard members.count > 1 else {
            throw Failure.usage(
                "there is only one adapter; similarity compares two or more",
                remedy: "name a run of several tasks, or several runs")
        }
        precondition(
            members.allSatisfy { $0.owners.count == tensors.count }, "an owner for each tensor of a member")
        self.members = members
        let pairs = members.indices.flatMap { first in
            members.indices[(first + 1)...].map { (first, $0) }
        }
        self.pairs = pairs
        rows = tensors.enumerated().map { index, tensor in
            let owners = members.map { $0.owners[index] }
            let sums = ChangeProducts.Sums(
                owners: owners, changes: members.indices.map { change($0, index) })
            return Row(
                tensor: tensor,
                likenesses: pairs.map { first, second in
                    owners[first] == owners[second] ? .shared : .cosine(sums.cosine(first, second))
                }, norms: sums.norms)
        }
    }

    /// Selects the tensors whose name contains `text`; the failure lists all names.
    package init(_ all: AdapterSimilarity, ofTensorsNamed text: String) throws {
        members = all.members
        pairs = all.pairs
        rows = all.rows.filter { $0.tensor.name.contains(text) }
        guard !rows.isEmpty else {
            throw Failure.usage(
                "no tensor's name contains '\(text)'", at: "--tensor",
                remedy: "the tensors: \(all.names.joined(separator: ", "))")
        }
    }

    /// The distinct names of the tensors.
    var names: [String] { rows.map(\.tensor.name).distinct }
}
