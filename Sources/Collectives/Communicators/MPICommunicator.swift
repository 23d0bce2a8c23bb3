import CMPI
import Diagnostics
import Glibc
import Synchronization

/// A group of processes that communicate through MPI.
///
/// Each call first waits in a nonblocking barrier until every rank has entered it, then exchanges data. Ranks
/// of one group can therefore wait by different policies (MPI does not match a nonblocking reduction with a
/// blocking one), MPI's tuned blocking algorithms remain usable, and time lost to a slow rank is measured
/// apart from time lost to a slow network.
///
/// Only one thread at a time may use a communicator.
package final class MPICommunicator: Communicator {
    package let rank: Int
    package let size: Int
    package let waitPolicy: WaitPolicy
    let raw: cmpi_comm
    /// The node's communicator once created; shared by copies with another wait policy.
    private let node: CachedNode
    private let counter: CommunicationStatistics.Counter
    package let watch: StallWatch?

    package var statistics: CommunicationStatistics { counter.value }

    init(
        _ raw: cmpi_comm, waitPolicy: WaitPolicy, counter: CommunicationStatistics.Counter,
        watch: StallWatch? = nil
    )
        throws
    {
        var rank: Int32 = 0
        var size: Int32 = 0
        try check(cmpi_comm_rank(raw, &rank), "rank")
        try check(cmpi_comm_size(raw, &size), "size")
        self.raw = raw
        node = CachedNode()
        self.rank = Int(rank)
        self.size = Int(size)
        self.waitPolicy = waitPolicy
        self.counter = counter
        self.watch = watch
    }

    private init(_ other: MPICommunicator, waitPolicy: WaitPolicy) {
        raw = other.raw
        node = other.node
        rank = other.rank
        size = other.size
        counter = other.counter
        watch = other.watch
        self.waitPolicy = waitPolicy
    }

    package func withWaitPolicy(_ policy: WaitPolicy) -> any Communicator {
        MPICommunicator(self, waitPolicy: policy)
    }

    package func nodeCommunicator() throws -> any Communicator {
        if let cached = node.value { return cached }
        var new = cmpi_comm()
        try watched { try check(cmpi_comm_split_node(raw, Int32(rank), &new), "split by node") }
        let communicator = try MPICommunicator(new, waitPolicy: waitPolicy, counter: counter, watch: watch)
        node.value = communicator
        return communicator
    }

    package func split(color: Int32?) throws -> (any Communicator)? {
        var new = cmpi_comm()
        try watched { try check(cmpi_comm_split(raw, color ?? -1, Int32(rank), &new), "split") }
        return color == nil
            ? nil : try MPICommunicator(new, waitPolicy: waitPolicy, counter: counter, watch: watch)
    }

    package func free() throws {
        try node.value?.free()
        node.value = nil
        var own = raw
        try watched { try check(cmpi_comm_free(&own), "free") }
    }

    package func barrier() throws {
        try call("barrier") { 0 }
    }

    package func allReduce<T: MPIElement>(_ data: UnsafeMutableBufferPointer<T>, _ operation: Reduction)
        throws
    {
        try call("all-reduce") {
            cmpi_allreduce(data.baseAddress, Int64(data.count), T.kind.raw, operation.raw, raw)
        }
    }

    package func broadcast<T: MPIElement>(_ data: UnsafeMutableBufferPointer<T>, from root: Int) throws {
        precondition(root >= 0 && root < size, "no rank \(root) among \(size)")
        try call("broadcast") {
            cmpi_bcast(data.baseAddress, Int64(data.count), T.kind.raw, Int32(root), raw)
        }
    }

    package func allGather(_ value: [Int64]) throws -> [[Int64]] {
        var gathered = [Int64](repeating: 0, count: value.count * size)
        if size == 1 { gathered = value }
        try call("all-gather") {
            cmpi_allgather(value, Int32(value.count), .i64, &gathered, raw)
        }
        return (0..<size).map { Array(gathered[$0 * value.count..<($0 + 1) * value.count]) }
    }

    package func gather(
        _ value: [Int64], to root: Int, _ take: (_ rank: Int, _ numbers: [Int64]) throws -> Void
    ) throws {
        precondition(root >= 0 && root < size, "no rank \(root) among \(size)")
        let counts = try allGather([Int64(value.count)]).map { $0[0] }
        try call("gather") {
            if rank == root || value.isEmpty { return 0 }
            return cmpi_send(value, Int32(value.count), .i64, Int32(root), Self.gatherTag, raw)
        }
        guard rank == root else { return }
        for (other, count) in counts.enumerated() {
            if other == rank {
                try take(other, value)
                continue
            }
            var numbers = [Int64](repeating: 0, count: Int(count))
            if count > 0 {
                var status = cmpi_status()
                try check(
                    cmpi_receive(&numbers, Int32(count), .i64, Int32(other), Self.gatherTag, raw, &status),
                    "gather")
            }
            try take(other, numbers)
        }
    }

    /// The tag of ``gather(_:to:_:)``, the only point-to-point messages on these communicators.
    private static let gatherTag: Int32 = 1

    private func call(_ name: String, _ exchange: () -> Int32) throws {
        guard size > 1 else { return }
        let start = MonotonicClock.seconds
        watch?.arrive(at: start)
        defer { watch?.leave(at: MonotonicClock.seconds) }
        try waitForAll(name)
        let allArrived = MonotonicClock.seconds
        try check(exchange(), name)
        counter.add(
            waiting: allArrived - start, communicating: MonotonicClock.seconds - allArrived)
    }

    private func watched(_ body: () throws -> Void) throws {
        watch?.arrive(at: MonotonicClock.seconds)
        defer { watch?.leave(at: MonotonicClock.seconds) }
        try body()
    }

    private func waitForAll(_ name: String) throws {
        var request = cmpi_request()
        try check(cmpi_ibarrier(raw, &request), name)
        switch waitPolicy {
        case .spin:
            try check(cmpi_wait(&request), name)
        case .sleep:
            var done: Int32 = 0
            try check(cmpi_test(&request, &done), name)
            while done == 0 {
                usleep(500)
                try check(cmpi_test(&request, &done), name)
            }
        }
    }
}

private final class CachedNode: Sendable {
    private let cached = Mutex<MPICommunicator?>(nil)

    var value: MPICommunicator? {
        get { cached.withLock { $0 } }
        set { cached.withLock { $0 = newValue } }
    }
}

/// Throws a failure with the call and MPI's error string unless the code is 0.
func check(_ code: Int32, _ call: String) throws {
    guard code != 0 else { return }
    var text = [CChar](repeating: 0, count: 512)
    cmpi_error_string(code, &text, text.count)
    let message = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    throw Failure(
        .rank, "MPI \(call): \(message)", remedy: "check that all ranks have the same inputs and version")
}
