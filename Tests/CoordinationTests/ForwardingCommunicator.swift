import Collectives

/// A rank's communicator with hooks for tests.
class ForwardingCommunicator: Communicator, @unchecked Sendable {
    private let inner: any Communicator

    init(_ inner: any Communicator) { self.inner = inner }

    /// Called before each collective.
    func come() throws {}

    /// Called after each reduction with its result on this rank.
    func received<T: MPIElement>(_ data: UnsafeMutableBufferPointer<T>) {}

    var rank: Int { inner.rank }
    var size: Int { inner.size }
    var statistics: CommunicationStatistics { inner.statistics }

    func barrier() throws {
        try come()
        try inner.barrier()
    }

    func allReduce<T: MPIElement>(_ data: UnsafeMutableBufferPointer<T>, _ operation: Reduction) throws {
        try come()
        try inner.allReduce(data, operation)
        received(data)
    }

    func broadcast<T: MPIElement>(_ data: UnsafeMutableBufferPointer<T>, from root: Int) throws {
        try come()
        try inner.broadcast(data, from: root)
    }

    func allGather(_ value: [Int64]) throws -> [[Int64]] {
        try come()
        return try inner.allGather(value)
    }

    func gather(
        _ value: [Int64], to root: Int, _ take: (_ rank: Int, _ numbers: [Int64]) throws -> Void
    ) throws {
        try come()
        try inner.gather(value, to: root, take)
    }

    func nodeCommunicator() throws -> any Communicator { try inner.nodeCommunicator() }

    func split(color: Int32?) throws -> (any Communicator)? {
        try come()
        return try inner.split(color: color)
    }

    func free() throws { try inner.free() }
}
