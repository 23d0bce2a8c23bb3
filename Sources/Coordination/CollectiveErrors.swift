package import Collectives
import Diagnostics
import Formats
import Foundation

/// Runs `body` on rank 0, or throws its failure on every rank; a collective.
///
/// Use it for files that only one rank should access: all ranks then fail together, with one message.
package func onRoot(_ communicator: any Communicator, _ body: () throws -> Void) throws {
    var failure: [UInt8] = []
    if communicator.rank == 0 {
        do { try body() } catch let error as Failure { failure = try encoded(error) }
    }
    try communicator.broadcast(&failure, from: 0)
    if !failure.isEmpty { throw try decoded(failure) as Failure }
}

/// The bytes of `body` on rank 0, or its failure, on every rank; a collective.
package func bytesFromRoot(_ communicator: any Communicator, _ body: () throws -> [UInt8]) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try onRoot(communicator) { bytes = try body() }
    try communicator.broadcast(&bytes, from: 0)
    return bytes
}

/// The value of `body` on rank 0, or its failure, on every rank; a collective.
package func fromRoot<Value: Codable>(_ communicator: any Communicator, _ body: () throws -> Value) throws
    -> Value
{
    try decoded(bytesFromRoot(communicator) { try encoded(body()) })
}

/// Every rank's value, by rank, on every rank; a collective.
package func fromEach<Value: Codable>(_ communicator: any Communicator, _ value: Value) throws -> [Value] {
    try communicator.allGather(text: JSONValue(encoding: value).encoded()).map { try decoded(Array($0.utf8)) }
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
    if case .failure(let failure) = outcome { message = try encoded(failure) }
    let failed = try communicator.allGather([message.isEmpty ? 0 : 1])
    guard let first = failed.firstIndex(of: [1]) else { return try outcome.get() }
    try communicator.broadcast(&message, from: first)
    throw try decoded(message) as Failure
}

private func encoded(_ value: some Encodable) throws -> [UInt8] {
    Array(try JSONValue(encoding: value).encoded().utf8)
}

private func decoded<Value: Decodable>(_ bytes: [UInt8]) throws -> Value {
    let place = "a message from another rank"
    return try JSONValue(parsing: Data(bytes), at: place).decoded(from: place)
}
