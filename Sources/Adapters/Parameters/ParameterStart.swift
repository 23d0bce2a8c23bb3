import Diagnostics
import Encoders
import Kernels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The values of a tensor before the first update; random ones are a function of the study's seed and its
/// name.
package enum ParameterStart: Sendable, Equatable {
    /// One number for all elements.
    case constant(Float)
    /// These numbers.
    case values([Float])
    /// N(0, deviation²).
    case normal(deviation: Float, seed: UInt64)
    /// N(0, deviation²), truncated at two deviations.
    case truncatedNormal(deviation: Float, seed: UInt64)
    /// Uniform in −bound ..< bound.
    case uniform(bound: Float, seed: UInt64)
    /// A square matrix with 1 on its diagonal and this number elsewhere.
    case identity(elsewhere: Float)
    /// The backbone's own values.
    case backbone(FrozenValues)

    /// Whether it differs between seeds.
    package var isRandom: Bool {
        switch self {
        case .normal, .truncatedNormal, .uniform: true
        case .constant, .values, .identity, .backbone: false
        }
    }

    /// The number of values, if the start determines it.
    var count: Int? {
        switch self {
        case .values(let values): values.count
        case .backbone(let frozen): frozen.count
        default: nil
        }
    }

    /// The values of a tensor with `count` elements.
    func values(_ count: Int, of name: String) -> [Float] {
        func random(_ seed: UInt64) -> CounterRandom {
            CounterRandom(seed: seed, .initialization, FNV1a.hash(name))
        }
        switch self {
        case .constant(let value): return [Float](repeating: value, count: count)
        case .values(let values): return values
        case .normal(let deviation, let seed):
            let random = random(seed)
            return (0..<count).map { deviation * Float(random.normal(UInt64($0))) }
        case .truncatedNormal(let deviation, let seed):
            let random = random(seed)
            return (0..<count).map { index in
                // One draw in 22 is beyond two deviations; each attempt has its own position in the stream.
                for attempt in 0..<64 {
                    let number = random.normal(UInt64(index) << 6 | UInt64(attempt))
                    if abs(number) <= 2 { return deviation * Float(number) }
                }
                return 0
            }
        case .uniform(let bound, let seed):
            let random = random(seed)
            return (0..<count).map { bound * Float(2 * random.uniform(UInt64($0)) - 1) }
        case .identity(let elsewhere):
            let side = Int(Double(count).squareRoot().rounded())
            return (0..<count).map { $0 / side == $0 % side ? 1 : elsewhere }
        case .backbone(let frozen): return frozen.values
        }
    }
}
