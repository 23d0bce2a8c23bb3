import Collectives
import Foundation
import Testing

/// A property of collective calls that every rank of any world must see, as a body that throws where it does
/// not.
///
/// Ranks may be threads or processes, so a body cannot use the expectations of the test that started them.
struct Claim: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let body: @Sendable (any Communicator) throws -> Void

    init(_ name: String, _ body: @escaping @Sendable (any Communicator) throws -> Void) {
        testDescription = name
        self.body = body
    }

    /// All claims, about communicators and about the exact sum.
    static let all = communication + exactSum
}

/// A rank's observation that contradicts a claim.
struct Violation: Error, CustomStringConvertible {
    let description: String
}

/// Throws a violation unless the condition holds.
func require(_ condition: Bool, _ words: @autoclosure () -> String) throws {
    if !condition { throw Violation(description: words()) }
}

/// Throws a violation unless the two are equal.
func requireEqual<T: Equatable>(_ found: T, _ expected: T, _ what: String) throws {
    try require(found == expected, "\(what): found \(found), expected \(expected)")
}

extension Claim {
    static let communication: [Claim] = [
        Claim("ranks count from zero") { world in
            try require((0..<world.size).contains(world.rank), "rank \(world.rank) of \(world.size)")
            let ranks = try world.allGather([Int64(world.rank)])
            try requireEqual(ranks, (0..<world.size).map { [Int64($0)] }, "ranks")
        },
        Claim("sums of every type") { world in
            try sums(UInt8.self, world)
            try sums(Int32.self, world)
            try sums(Int64.self, world)
            let expected = world.size * (world.size + 1) / 2
            try requireEqual(world.allReduce(Float(world.rank + 1), .sum), Float(expected), "Float")
            try requireEqual(world.allReduce(Double(world.rank + 1), .sum), Double(expected), "Double")
        },
        Claim("integer sums wrap") { world in
            let sum = try world.allReduce(Int64.max, .sum)
            try requireEqual(sum, (1..<world.size).reduce(Int64.max) { sum, _ in sum &+ .max }, "sum")
        },
        Claim("the largest and the smallest") { world in
            var values = [Int32(world.rank), Int32(-world.rank), 7]
            try world.allReduce(&values, .max)
            try requireEqual(values, [Int32(world.size - 1), 0, 7], "largest")
            try requireEqual(world.allReduce(Double(world.rank), .min), 0, "smallest")
            try requireEqual(world.allReduce(Float(-world.rank), .max), 0, "largest float")
        },
        Claim("many elements") { world in
            var values = (0..<200_000).map { Int64($0) &* Int64(world.rank + 1) }
            try world.allReduce(&values, .sum)
            let factor = Int64(world.size * (world.size + 1) / 2)
            try require(values.indices.allSatisfy { values[$0] == Int64($0) &* factor }, "a wrong sum")
        },
        Claim("nothing can be reduced and broadcast") { world in
            var none: [Float] = []
            try world.allReduce(&none, .sum)
            try world.broadcast(&none, from: 0)
            try requireEqual(
                world.allGather([]).map(\.count), [Int](repeating: 0, count: world.size), "counts")
        },
        Claim("every root's array reaches all, of any length") { world in
            for root in 0..<world.size {
                var bytes: [UInt8] = world.rank == root ? Array("rank \(root)".utf8) : []
                try world.broadcast(&bytes, from: root)
                try requireEqual(String(decoding: bytes, as: UTF8.self), "rank \(root)", "bytes")
                var words = [Int64](repeating: Int64(world.rank), count: world.rank + 1)
                try world.broadcast(&words, from: root)
                try requireEqual(words, [Int64](repeating: Int64(root), count: root + 1), "words")
                var floats = [Float(world.rank)]
                try world.broadcast(&floats, from: root)
                try requireEqual(floats, [Float(root)], "floats")
            }
        },
        Claim("the root takes every rank's numbers in order, of any length") { world in
            for root in 0..<world.size {
                var taken: [[Int64]] = []
                let own = [Int64](repeating: Int64(world.rank), count: 1000 * world.rank)
                try world.gather(own, to: root) { rank, numbers in
                    try requireEqual(rank, taken.count, "rank")
                    taken.append(numbers)
                }
                let all = (0..<world.size).map { [Int64](repeating: Int64($0), count: 1000 * $0) }
                try requireEqual(taken, world.rank == root ? all : [], "numbers")
            }
        },
        Claim("nobody passes a barrier before the last has come") { world in
            for round in 0..<20 {
                try world.barrier()
                try requireEqual(world.allReduce(Int32(round), .min), Int32(round), "round")
            }
        },
        Claim("the time of a call is split into waiting and communicating") { world in
            let before = world.statistics
            if world.rank == 0 { usleep(20_000) }
            try world.barrier()
            let spent = world.statistics.since(before)
            try require(spent.secondsWaiting >= 0 && spent.secondsCommunicating >= 0, "negative time")
            // Whoever comes first waits for rank 0; the last one could come later than it on a busy machine.
            let most = try world.allGather([Int64(1e6 * spent.secondsWaiting)]).map { $0[0] }.max() ?? 0
            try require(world.size == 1 || most > 0, "nobody waited")
        },
        Claim("a group of a world's ranks keeps their order and talks alone") { world in
            let color = Int32(world.rank % 3)
            let members = (0..<world.size).filter { $0 % 3 == world.rank % 3 }
            guard let group = try world.split(color: world.rank == 3 ? nil : color) else {
                return try requireEqual(world.rank, 3, "left out")
            }
            let own = members.filter { $0 != 3 }
            try requireEqual(group.size, own.count, "size")
            try requireEqual(own[group.rank], world.rank, "order")
            for _ in 0...world.rank % 3 {
                try requireEqual(group.allReduce(Int64(world.rank), .sum), Int64(own.reduce(0, +)), "sum")
            }
            try group.free()
        },
        Claim("the ranks of a node share its memory") { world in
            let node = try world.nodeCommunicator()
            for directory in [nil, FileManager.default.temporaryDirectory.path] {
                let made = try NodeSharedMemory.make(byteCount: 8 * node.size, in: directory, among: node)
                guard case .success(let memory) = made else {
                    throw Violation(description: "no memory: \(made)")
                }
                let words = memory.bytes.bindMemory(to: Int64.self)
                try require(words[node.rank] == 0, "the memory is not zeroed")
                words[node.rank] = Int64(node.rank) + 7
                try node.barrier()
                try requireEqual(Array(words), (0..<node.size).map { Int64($0) + 7 }, "words")
                try node.barrier()
            }
        },
        Claim("every rank gets the reason why memory is unavailable") { world in
            let node = try world.nodeCommunicator()
            for (bytes, directory) in [(1 << 60, nil), (8, "/nowhere/at/all")] {
                switch try NodeSharedMemory.make(byteCount: bytes, in: directory, among: node) {
                case .success: throw Violation(description: "\(bytes) bytes in \(directory ?? "memory")")
                case .failure(let unavailable): try require(!unavailable.reason.isEmpty, "no reason")
                }
            }
        },
    ]

    private static func sums<T: MPIElement & FixedWidthInteger>(_ type: T.Type, _ world: any Communicator)
        throws
    {
        var values = [T(world.rank + 1), 0, 100]
        try world.allReduce(&values, .sum)
        try requireEqual(
            values, [T(world.size * (world.size + 1) / 2), 0, T(truncatingIfNeeded: 100 * world.size)],
            "\(type)")
    }
}
