package import Collectives
import Diagnostics
import Formats
import Foundation

/// Runs `body` on rank 0 and broadcasts its result, or throws its failure on every rank; a collective.
///
/// Use it for files that only one rank should access: all ranks then fail together, with one message.
package func onRoot(_ communicator: any Communicator, _ body: () throws -> [UInt8]) throws -> [UInt8] {
    var failure: [UInt8] = []
    var result: [UInt8] = []
    if communicator.rank == 0 {
        do {
            result = try body()
        } catch let error as Failure {
            failure = Array(encode(error).utf8)
        }
    }
    try communicator.broadcast(&failure, from: 0)
    if !failure.isEmpty { throw try decode(failure) }
    try communicator.broadcast(&result, from: 0)
    return result
}

/// Runs `body` on every rank; if any rank fails, all throw the failure of the lowest such rank; a collective.
///
/// `body` must not contain collectives of this communicator.
package func allOrNone<Value>(_ communicator: any Communicator, _ body: () throws -> Value) throws -> Value {
    var outcome: Result<Value, Failure>
    do {
        outcome = .success(try body())
    } catch let error as Failure {
        outcome = .failure(error)
    }
    var message: [UInt8] = []
    if case .failure(let failure) = outcome { message = Array(encode(failure).utf8) }
    let failed = try communicator.allGather([message.isEmpty ? 0 : 1])
    guard let first = failed.firstIndex(of: [1]) else { return try outcome.get() }
    try communicator.broadcast(&message, from: first)
    throw try decode(message)
}

private func encode(_ failure: Failure) -> String {
    JSONValue.array([
        .integer(Int(failure.kind.rawValue)), failure.location.map { .string($0) } ?? .null,
        .string(failure.message),
        failure.remedy.map { .string($0) } ?? .null,
    ]).encoded()
}

private func decode(_ bytes: [UInt8]) throws -> Failure {
    let value = try JSONValue(parsing: Data(bytes), at: "a message from the coordinator")
    let kind = value[0]?.int.flatMap { Failure.Kind(rawValue: Int32($0)) } ?? .rank
    return Failure(kind, at: value[1]?.string, value[2]?.string ?? "failed", remedy: value[3]?.string)
}
