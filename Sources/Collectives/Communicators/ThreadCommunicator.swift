import Diagnostics

/// One thread's communicator in a ``ThreadWorld``.
///
/// A collective synchronizes twice: first to publish every rank's buffer, then after all ranks have read
/// them, when the buffers may be reused.
final class ThreadCommunicator: Communicator {
    let rank: Int
    private let rendezvous: Rendezvous
    private let counter = CommunicationStatistics.Counter()

    init(rank: Int, rendezvous: Rendezvous) {
        self.rank = rank
        self.rendezvous = rendezvous
    }

    var size: Int { rendezvous.size }
    var statistics: CommunicationStatistics { counter.value }

    func nodeCommunicator() throws -> any Communicator { self }

    func split(color: Int32?) throws -> (any Communicator)? {
        let colors = try allGather([color.map(Int64.init) ?? -1]).map { $0[0] }
        let own = colors.indices.filter { colors[$0] == colors[rank] }
        // The first rank of each subgroup creates its rendezvous and passes it to the others.
        let new = own.first == rank ? rendezvous.child(size: own.count) : nil
        let shared = try collective(
            "split", new.map { Unmanaged.passUnretained($0).toOpaque() }
        ) { pointers in
            pointers[own[0]].map { Unmanaged<Rendezvous>.fromOpaque($0).takeUnretainedValue() }
        }
        guard color != nil, let shared, let subrank = own.firstIndex(of: rank) else { return nil }
        return ThreadCommunicator(rank: subrank, rendezvous: shared)
    }

    func free() throws {}

    func barrier() throws {
        try collective("barrier", nil) { _ in }
    }

    func allReduce<T: MPIElement>(_ data: UnsafeMutableBufferPointer<T>, _ operation: Reduction) throws {
        let reduced = try collective(
            "all-reduce \(operation) of \(data.count) \(T.self)",
            data.baseAddress
        ) { buffers in
            var reduced = Array(data)
            for (other, buffer) in buffers.enumerated() {
                guard let values = buffer?.assumingMemoryBound(to: T.self) else { continue }
                for i in reduced.indices {
                    reduced[i] = other == 0 ? values[i] : T.combined(reduced[i], values[i], by: operation)
                }
            }
            return reduced
        }
        _ = data.update(fromContentsOf: reduced)
    }

    func broadcast<T: MPIElement>(_ data: UnsafeMutableBufferPointer<T>, from root: Int) throws {
        precondition(root >= 0 && root < size, "no rank \(root) among \(size)")
        try collective(
            "broadcast of \(data.count) \(T.self) from \(root)",
            data.baseAddress
        ) { buffers in
            guard rank != root, let source = buffers[root] else { return }
            _ = data.update(
                fromContentsOf: UnsafeBufferPointer(
                    start: source.assumingMemoryBound(to: T.self), count: data.count))
        }
    }

    func allGather(_ value: [Int64]) throws -> [[Int64]] {
        var value = value
        return try value.withUnsafeMutableBufferPointer { mine in
            try collective(
                "all-gather of \(mine.count)",
                mine.baseAddress
            ) { buffers in
                buffers.map {
                    Array(
                        UnsafeBufferPointer(start: $0?.assumingMemoryBound(to: Int64.self), count: mine.count)
                    )
                }
            }
        }
    }

    func gather(
        _ value: [Int64], to root: Int, _ take: (_ rank: Int, _ numbers: [Int64]) throws -> Void
    ) throws {
        precondition(root >= 0 && root < size, "no rank \(root) among \(size)")
        let counts = try allGather([Int64(value.count)]).map { Int($0[0]) }
        var value = value
        try value.withUnsafeMutableBufferPointer { mine in
            let taken = try collective(
                "gather to \(root)", mine.baseAddress
            ) { buffers -> Result<Void, any Error> in
                Result {
                    guard rank == root else { return }
                    for (other, buffer) in buffers.enumerated() {
                        let start = buffer?.assumingMemoryBound(to: Int64.self)
                        try take(
                            other,
                            Array(UnsafeBufferPointer(start: start, count: start == nil ? 0 : counts[other])))
                    }
                }
            }
            try taken.get()
        }
    }

    private func collective<Result>(
        _ call: String, _ buffer: UnsafeMutableRawPointer?,
        _ read: ([UnsafeMutableRawPointer?]) -> Result
    ) throws -> Result {
        let start = MonotonicClock.seconds
        let all = try rendezvous.gather(rank, Rendezvous.Contribution(call: call, buffer: buffer))
        let allArrived = MonotonicClock.seconds
        let result = read(all.map(\.buffer))
        try rendezvous.leave()
        counter.add(
            waiting: allArrived - start,
            communicating: MonotonicClock.seconds - allArrived)
        return result
    }
}
