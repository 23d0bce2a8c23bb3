import Diagnostics

// For two adapters with the changes u and v of one tensor: cos = u·v / (|u| |v|), and |u|, |v| themselves.

/// How alike trained adapters are: cosines of what training has changed in each tensor, and how much it has.
package struct AdapterSimilarity: Sendable {
    /// An adapter: what it is called, and the owner of each of its tensors.
    package struct Member: Sendable {
        /// Its name in tables.
        package let name: String
        /// Who has a tensor, in the order of the tensors; two adapters with the same owner hold the same tensor.
        package let owners: [String]

        /// Describes an adapter.
        package init(name: String, owners: [String]) {
            self.name = name
            self.owners = owners
        }
    }

    /// A tensor that every adapter has.
    package struct Tensor: Sendable, Equatable {
        /// Its name, the same in every layer.
        package let name: String
        /// Its layer; nil for what belongs to no single one.
        package let layer: Int?

        /// Names a tensor.
        package init(name: String, layer: Int?) {
            self.name = name
            self.layer = layer
        }
    }

    /// What two adapters have of a tensor.
    enum Likeness: Equatable {
        /// One and the same tensor.
        case shared
        /// The cosine of the changes; nil where one of them is nothing.
        case cosine(Double?)

        /// The cosine of two tensors.
        var own: Double? { if case .cosine(let value) = self { value } else { nil } }
    }

    /// The numbers of one tensor: a likeness for each pair, a norm for each adapter.
    struct Row {
        let tensor: Tensor
        let likenesses: [Likeness]
        let norms: [Double]
    }

    let members: [Member]
    /// The pairs of adapters, by index, the first one below the second.
    let pairs: [(Int, Int)]
    let rows: [Row]

    /// Compares adapters, two at least, whose changes `change` gives by member and tensor.
    ///
    /// No more than one tensor's changes are asked for before they are let go.
    package init(_ members: [Member], _ tensors: [Tensor], change: (_ member: Int, _ tensor: Int) -> [Float])
        throws
    {
        guard members.count > 1 else {
            throw Failure.usage(
                "there is one adapter alone, similarity compares two or more",
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
            let changes = members.indices.map { change($0, index) }
            let norms = changes.map { product($0, $0).squareRoot() }
            return Row(
                tensor: tensor,
                likenesses: pairs.map { first, second in
                    if members[first].owners[index] == members[second].owners[index] { return .shared }
                    let scale = norms[first] * norms[second]
                    return .cosine(scale > 0 ? product(changes[first], changes[second]) / scale : nil)
                }, norms: norms)
        }
    }

    /// Those tensors alone whose name holds the text; where none does, a failure that says which there are.
    package init(_ all: AdapterSimilarity, ofTensorsNamed text: String) throws {
        members = all.members
        pairs = all.pairs
        rows = all.rows.filter { $0.tensor.name.contains(text) }
        guard !rows.isEmpty else {
            throw Failure.usage(
                "no tensor's name holds '\(text)'", at: "--tensor",
                remedy: "there are \(all.names.joined(separator: ", "))")
        }
    }

    /// The tensors' names, each once.
    var names: [String] {
        rows.map(\.tensor.name).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}

private func product(_ left: [Float], _ right: [Float]) -> Double {
    zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}
