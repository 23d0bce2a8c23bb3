import Adapters
package import Collectives
import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
import Runs
package import Studies
import Tasks
import Training

/// Facts that must be equal on all ranks: everything that the bits of a result depend on.
///
/// Each rank reads its own files, and a node may have stale copies. Facts are compared before they are used,
/// and a difference is reported with its ranks and nodes.
package struct Agreement {
    struct Fact: Equatable {
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
        let text = JSONValue.array(facts.map { [.string($0.name), .string($0.value)] }).encoded()
        let hashes = try world.allGather([Int64(bitPattern: FNV1a.hash(text)), Int64(text.utf8.count)])
        if hashes.allSatisfy({ $0 == hashes[0] }) { return }
        let nodes = try world.allGather(text: hostName())
        let all = try world.allGather(text: text).map { text in
            (try JSONValue(parsing: Data(text.utf8), at: "a rank's facts").array ?? []).map {
                Fact(name: $0[0]?.string ?? "", value: $0[1]?.string ?? "")
            }
        }
        throw Self.difference(all, nodes)
    }

    /// The failure that names the first fact that differs between ranks.
    static func difference(_ all: [[Fact]], _ nodes: [String]) -> Failure {
        var names: [String] = []
        for fact in all.joined() where !names.contains(fact.name) { names.append(fact.name) }
        func values(_ name: String) -> [String] {
            all.map { facts in facts.first { $0.name == name }?.value ?? "nothing" }
        }
        let differing = names.filter { Set(values($0)).count > 1 }
        guard let first = differing.first else {
            return .data("the ranks compare different facts", remedy: remedy)
        }
        let found = values(first)
        var groups: [String] = []
        for value in found where !groups.contains(value) { groups.append(value) }
        let words = groups.map { value in
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

    private static let kernels = "kernels"
    private static let remedy = "all ranks need the same program, study, data, backbone and kernels"
}

extension Agreement {
    /// Refuses ranks with different studies, programs or kernels, before anything is loaded.
    ///
    /// Only the paths `backbone` and `data` may differ. Keys that change no bit must agree too, because they
    /// decide which collectives a rank calls.
    package static func checkStudies(_ study: Study, _ world: any Communicator) throws {
        // With one rank there is no need to read the program.
        guard world.size > 1 else { return }
        var agreement = Agreement()
        agreement.add("program", "version \(Arithmetic.programVersion), build \(try buildChecksum())")
        try agreement.add("", valuesOf: StudySettings(study).filtered { !["backbone", "data"].contains($0) })
        // After the settings, since one of them is the arithmetic.
        agreement.add(kernels, Arithmetic.current(study.arithmetic).kernelWords)
        try agreement.check(world)
    }

    /// Refuses ranks with different backbones, tokenizers, data or initial parameters.
    ///
    /// It is checked before the run directory is written, and again when the run begins.
    package static func checkInputs(
        _ context: RunContext, tokenizer: String, resuming: Bool, _ world: any Communicator
    ) throws {
        try checkInputs(
            context, parameters: context.store.initial, tokenizer: tokenizer, resuming: resuming, world)
    }

    /// Refuses ranks with different inputs or parameters, which may already be trained.
    static func checkInputs(
        _ context: RunContext, parameters: [Float], tokenizer: String? = nil, resuming: Bool = false,
        _ world: any Communicator
    ) throws {
        guard world.size > 1 else { return }
        var agreement = Agreement()
        agreement.add("--resume", resuming ? "given" : "not given")
        try agreement.add("backbone", valuesOf: BackboneIdentity(of: context.model.weights))
        for data in context.data {
            agreement.add("data of \(data.task.name)", "checksum \(data.fingerprint)")
        }
        if let tokenizer { agreement.add("tokenizer", "checksum \(tokenizer)") }
        if let files = try FileOfAnotherRun.all(of: context.model.method) {
            // Paths may differ.
            agreement.add("adapters of other runs", files.map { "\($0.checksum)" }.joined(separator: " "))
        }
        agreement.add("parameters", "checksum \(checksum(parameters))")
        try agreement.check(world)
    }

    /// Refuses ranks with different backbones, texts or parameters to predict with.
    static func checkPrediction(
        _ model: AdaptedModel, _ texts: TokenizedExamples, parameters: [Float], _ world: any Communicator
    ) throws {
        guard world.size > 1 else { return }
        var agreement = Agreement()
        try agreement.add("backbone", valuesOf: BackboneIdentity(of: model.weights))
        agreement.add("texts", "checksum \(texts.fingerprint)")
        agreement.add("parameters", "checksum \(checksum(parameters))")
        try agreement.check(world)
    }

    /// Refuses to continue if the ranks' replicas of the state differ.
    static func checkReplicas(_ state: TrainingState, _ world: any Communicator) throws {
        guard world.size > 1 else { return }
        var agreement = Agreement()
        agreement.add("step", "\(state.step)")
        agreement.add("parameters", "checksum \(checksum(state.values))")
        agreement.add("first moments", "checksum \(checksum(state.moments.first))")
        agreement.add("second moments", "checksum \(checksum(state.moments.second))")
        agreement.add("step counts", "checksum \(checksum(state.stepCounts))")
        let memory = state.memory
        agreement.add(
            "memory of the combination",
            "checksums \(checksum(memory.numbers + state.effect.numbers)), "
                + "\(checksum(memory.averageGradients))")
        if let perTask = state.perTask {
            agreement.add("first moments of tasks", "checksum \(checksum(perTask.moments.first))")
            agreement.add("second moments of tasks", "checksum \(checksum(perTask.moments.second))")
            agreement.add("step counts of tasks", "checksum \(checksum(perTask.steps))")
        }
        agreement.add("agreement of tasks", "checksum \(checksum(state.agreement.flatMap(\.values)))")
        agreement.add("removed parameters", "checksum \(checksum(state.mask?.words ?? []))")
        do {
            try agreement.check(world)
        } catch let failure as Failure where failure.kind == .data {
            throw Failure(
                .rank, at: "step \(state.step)",
                "the ranks' replicas of the state differ: \(failure.location ?? "state") \(failure.message)",
                remedy: "a node's memory or processor may be faulty; resume the run without that node")
        }
    }

    private static func checksum<T: BitwiseCopyable>(_ values: [T]) -> UInt32 {
        values.withUnsafeBytes { CRC32C.checksum($0) }
    }

    private static func buildChecksum() throws -> String {
        let checksum = try MappedFile(path: "/proc/self/exe").withBytes { CRC32C.checksum($0) }
        return String(checksum, radix: 16)
    }
}
