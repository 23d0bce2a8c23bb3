import Foundation

/// Random numbers of one test, by SplitMix64.
///
/// The seed is printed, and `HADAMESH_TEST_SEED` repeats the draws.
package struct TestRandom: RandomNumberGenerator {
    /// The seed of all tests of this process.
    package static let seed =
        ProcessInfo.processInfo.environment["HADAMESH_TEST_SEED"].flatMap { UInt64($0) }
        ?? UInt64(UInt32.random(in: .min ... .max))

    private var state: UInt64

    /// Starts the draws of a test, or of one of its cases: other names draw other numbers from one seed.
    package init(_ name: String) {
        print("HADAMESH_TEST_SEED=\(Self.seed): \(name)")
        state = name.utf8.reduce(Self.seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
