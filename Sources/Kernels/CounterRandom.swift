#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Counter-based random numbers, a function of (seed, purpose, keys) and a position.
///
/// There is no state: every rank computes the same number for the same arguments at any time. Philox 4×32-10
/// of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
package struct CounterRandom: Sendable {
    private let key: (UInt32, UInt32)
    private let high: (UInt32, UInt32)

    package init(seed: UInt64, _ purpose: RandomPurpose, _ keys: UInt64...) {
        // The arguments are hashed to 128 bits: the cipher's key and the upper half of its counter.
        var first = mix(seed &+ 0x9E37_79B9_7F4A_7C15 &* purpose.rawValue)
        var second = mix(first ^ 0xD1B5_4A32_D192_ED03)
        for key in keys {
            first = mix(first ^ mix(key &+ 0x9E37_79B9_7F4A_7C15))
            second = mix(second &+ first)
        }
        key = (UInt32(truncatingIfNeeded: first), UInt32(truncatingIfNeeded: first >> 32))
        high = (UInt32(truncatingIfNeeded: second), UInt32(truncatingIfNeeded: second >> 32))
    }

    /// Four 32-bit words at a position.
    package func words(_ position: UInt64) -> SIMD4<UInt32> {
        var counter = SIMD4<UInt32>(
            UInt32(truncatingIfNeeded: position), UInt32(truncatingIfNeeded: position >> 32), high.0, high.1)
        var (k0, k1) = key
        for _ in 0..<10 {
            let a = UInt64(counter.x) &* 0xD251_1F53
            let b = UInt64(counter.z) &* 0xCD9E_8D57
            counter = SIMD4(
                UInt32(truncatingIfNeeded: b >> 32) ^ counter.y ^ k0, UInt32(truncatingIfNeeded: b),
                UInt32(truncatingIfNeeded: a >> 32) ^ counter.w ^ k1, UInt32(truncatingIfNeeded: a))
            k0 = k0 &+ 0x9E37_79B9
            k1 = k1 &+ 0xBB67_AE85
        }
        return counter
    }

    /// A number in [0, 1), with 53 random bits.
    package func uniform(_ position: UInt64) -> Double {
        let four = words(position)
        return Double((UInt64(four.x) << 32 | UInt64(four.y)) >> 11) * 0x1p-53
    }

    /// A number of the standard normal distribution (Box and Muller).
    package func normal(_ position: UInt64) -> Double {
        let four = words(position)
        let radius = (Double(UInt64(four.x) << 32 | UInt64(four.y)) + 1) * 0x1p-64
        let angle = Double(UInt64(four.z) << 32 | UInt64(four.w)) * 0x1p-64
        return (-2 * log(radius)).squareRoot() * cos(2 * .pi * angle)
    }

    /// The numbers 0 ..< count in random order (Fisher and Yates).
    package func permutation(_ count: Int) -> [Int32] {
        var order = (0..<Int32(count)).map { $0 }
        for last in stride(from: count - 1, to: 0, by: -1) {
            // The bias of multiply-and-shift is below 2^-32 for any data set that fits in memory.
            let four = words(UInt64(last))
            let wide = (UInt64(four.x) << 32 | UInt64(four.y)).multipliedFullWidth(by: UInt64(last + 1))
            order.swapAt(last, Int(wide.high))
        }
        return order
    }
}

/// SplitMix64's finaliser.
private func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
}
