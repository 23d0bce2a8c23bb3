/// The 64-bit FNV-1a hash: equal in every process, unlike `Hasher`.
package struct FNV1a {
    package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    package init() {}

    package mutating func combine(_ number: UInt64) {
        value = (value ^ number) &* 0x100_0000_01b3
    }

    /// The hash of a text's UTF-8 bytes.
    package static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(into: FNV1a()) { $0.combine(UInt64($1)) }.value
    }
}
