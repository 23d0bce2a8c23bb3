import Foundation

/// The name of this node, as the kernel has it.
///
/// `ProcessInfo.hostName` may wait for a network lookup.
package func hostName() -> String {
    // The last byte stays zero: gethostname need not terminate a truncated name.
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
