import Foundation

/// The name of this host, as the kernel knows it.
///
/// `ProcessInfo.hostName` would ask the network, and may wait for an answer.
package func hostName() -> String {
    // The last byte stays zero: a name that was cut need not end with one.
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
