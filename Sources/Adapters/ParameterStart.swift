import Encoders
import Kernels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Where a tensor's values start; random ones are a function of the study's seed and the tensor's name.
package enum ParameterStart: Sendable, Equatable {
    /// The same number everywhere.
    case constant(Float)
    /// These numbers.
    case values([Float])
    /// N(0, deviation²).
    case normal(deviation: Float, RandomName)
    /// N(0, deviation²) without what lies beyond two deviations.
    case truncatedNormal(deviation: Float, RandomName)
    /// Uniform in −bound ..< bound.
    case uniform(bound: Float, RandomName)
    /// A square matrix with 1 on its diagonal and this number elsewhere.
    case identity(elsewhere: Float)
    /// The backbone's own values.
    case backbone(FrozenValues)

    /// How many numbers there are, where the start says so itself.
    var count: Int? {
        switch self {
        case .values(let values): values.count
        case .backbone(let frozen): frozen.count
        default: nil
        }
    }

    /// The first `count` numbers.
    func values(_ count: Int) -> [Float] {
        switch self {
        case .constant(let value): return [Float](repeating: value, count: count)
        case .values(let values): return values
        case .normal(let deviation, let name):
            let random = name.random
            return (0..<count).map { deviation * Float(random.normal(UInt64($0))) }
        case .truncatedNormal(let deviation, let name):
            let random = name.random
            return (0..<count).map { index in
                // One draw in 22 is beyond two deviations; the attempts are positions of their own.
                for attempt in 0..<64 {
                    let number = random.normal(UInt64(index) << 6 | UInt64(attempt))
                    if abs(number) <= 2 { return deviation * Float(number) }
                }
                return 0
            }
        case .uniform(let bound, let name):
            let random = name.random
            return (0..<count).map { bound * Float(2 * random.uniform(UInt64($0)) - 1) }
        case .identity(let elsewhere):
            let side = Int(Double(count).squareRoot().rounded())
            return (0..<count).map { $0 / side == $0 % side ? 1 : elsewhere }
        case .backbone(let frozen): return frozen.values
        }
    }
}

/// What a tensor's random start depends on.
package struct RandomName: Sendable, Equatable {
    let seed: UInt64
    let tensor: String

    /// Names the start of a tensor in a study.
    package init(_ seed: UInt64, _ tensor: String) {
        self.seed = seed
        self.tensor = tensor
    }

    var random: CounterRandom { CounterRandom(seed: seed, .initialization, stableHash(tensor)) }
}

/// A frozen tensor of a backbone, which it keeps alive.
package struct FrozenValues: @unchecked Sendable, Equatable {
    // Frozen memory is never written, so it may be read from any thread.
    private let backbone: EncoderWeights
    private let base: UnsafePointer<Float>
    let count: Int

    init(_ base: UnsafePointer<Float>, _ count: Int, of backbone: EncoderWeights) {
        self.backbone = backbone
        self.base = base
        self.count = count
    }

    var values: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }

    /// Whether both are the same memory or hold the same values.
    package static func == (left: FrozenValues, right: FrozenValues) -> Bool {
        left.count == right.count
            && (left.base == right.base || left.values.elementsEqual(right.values))
    }
}
