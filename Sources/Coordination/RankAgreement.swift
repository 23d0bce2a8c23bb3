package import Collectives
import Diagnostics
import Formats
import Kernels

/// Facts that must be equal on all ranks: everything that the bits of a result depend on.
///
/// Each rank reads its own files, and a node may have stale copies. Facts are compared before they are used,
/// and a difference is reported with its ranks and nodes.
package struct RankAgreement {
    struct Fact: Codable, Equatable {
        /// A key of the study, or words such as `data of rte`.
        let name: String
        /// The value or its checksum.
        let value: String
    }

    private var facts: [Fact] = []

    package init() {}

    package mutating func add(_ name: String, _ value: String) {
        facts.append(Fact(name: name, value: value))
    }

    /// Adds each value of a structure under its path of keys.
    mutating func add(_ name: String, valuesOf structure: some Encodable) throws {
        add(name, leaves: try JSONValue(encoding: structure))
    }

    private mutating func add(_ name: String, leaves value: JSONValue) {
        if let members = value.object, !members.isEmpty {
            for (key, member) in members { add(name.isEmpty ? key : "\(name).\(key)", leaves: member) }
        } else {
            add(name, value.encoded())
        }
    }

    /// Refuses a world whose ranks have different facts; a collective.
    package func check(_ world: any Communicator) throws {
        guard world.size > 1 else { return }
        let text = try JSONValue(encoding: facts).encoded()
        let hashes = try world.allGather([Int64(bitPattern: FNV1a.hash(text)), Int64(text.utf8.count)])
        if hashes.allSatisfy({ $0 == hashes[0] }) { return }
        let nodes = try world.allGather(text: hostName())
        throw Self.difference(try fromEach(world, facts), nodes)
    }

    /// The failure that names the first fact that differs between ranks.
    static func difference(_ all: [[Fact]], _ nodes: [String]) -> Failure {
        let names = all.joined().map(\.name).distinct
        func values(_ name: String) -> [String] {
            all.map { facts in facts.first { $0.name == name }?.value ?? "nothing" }
        }
        let differing = names.filter { Set(values($0)).count > 1 }
        guard let first = differing.first else {
            return .data("the ranks compare different facts", remedy: remedy)
        }
        let found = values(first)
        let words = found.distinct.map { value in
            let ranks = found.indices.filter { found[$0] == value }
            let places = Set(ranks.map { nodes[$0] }).sorted().joined(separator: ", ")
            let numbers = ranks.map(String.init).joined(separator: ", ")
            return "\(value) on \(ranks.count == 1 ? "rank" : "ranks") \(numbers) (\(places))"
        }
        let rest = differing.dropFirst()
        let more = rest.isEmpty ? "" : " (and \(rest.count) more: \(rest.prefix(4).joined(separator: ", ")))"
        return .data(
            "differs between ranks: \(words.joined(separator: ", "))\(more)", at: first,
            remedy: first == kernels
                ? "set \(VectorKernels.variable) on all ranks to kernels that every processor has" : remedy)
    }

    /// The name of the fact of kernels, whose remedy is another.
    static let kernels = "kernels"
    private static let remedy = "all ranks need the same program, study, data, backbone and kernels"
}
