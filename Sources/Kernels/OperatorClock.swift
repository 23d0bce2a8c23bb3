#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a step's time is spent on.
package enum Operator: Hashable, Sendable {
    /// y = x Wᵀ of a linear map, from `inner` columns to `columns`.
    case product(inner: Int, columns: Int)
    /// dx = dy W of a linear map.
    case productBackward(inner: Int, columns: Int)
    /// dW += dyᵀ x.
    case weightGradient
    /// Scores, softmax and weighted values of all heads.
    case attention, attentionBackward
    case gelu, geluBackward
    case layerNorm, layerNormBackward
    /// Sums, copies and masks of whole activations.
    case elementwise
    case embedding
    /// Whatever adapters do at their sites.
    case adapter, adapterBackward
    /// Pooling, the linear map on top and the loss.
    case head
    /// Clipping, AdamW and checks of its result.
    case optimizer
    /// Rounding of units' gradients, and what ranks exchange, with waiting for it.
    case sum
    /// Token ids of a unit's examples.
    case packing
    /// Drawing the next step's plan, on the coordinator.
    case planning
    /// Reading from the activation cache, and writing to it.
    case cache

    /// What a table calls it.
    package var title: String {
        switch self {
        case .product(let inner, let columns): "product \(inner) → \(columns)"
        case .productBackward(let inner, let columns): "product backward \(inner) → \(columns)"
        case .weightGradient: "weight gradients"
        case .attention: "attention"
        case .attentionBackward: "attention backward"
        case .gelu: "GELU"
        case .geluBackward: "GELU backward"
        case .layerNorm: "LayerNorm"
        case .layerNormBackward: "LayerNorm backward"
        case .elementwise: "sums, copies, masks"
        case .embedding: "embedding"
        case .adapter: "adapter"
        case .adapterBackward: "adapter backward"
        case .head: "head and loss"
        case .optimizer: "optimizer"
        case .sum: "exchange, with waiting"
        case .packing: "packing"
        case .planning: "planning"
        case .cache: "activation cache"
        }
    }
}

/// Adds up the seconds of operators, where a benchmark has started one; the outermost of nested operators counts.
///
/// Training runs without one, and then each operator costs one look at ``current``.
package final class OperatorClock {
    /// The clock of this process, which its one computing thread reports to.
    ///
    /// It is set before and after training, never while an operator runs.
    nonisolated(unsafe) package static var current: OperatorClock?

    /// Seconds and calls by operator.
    package private(set) var times: [Operator: (seconds: Double, calls: Int)] = [:]
    /// Floating-point operations of all products, a multiplication with its addition counted as two.
    package private(set) var operations = 0.0
    private var isInside = false

    /// A clock at zero.
    package init() {}

    /// Goes back to zero.
    package func reset() {
        times = [:]
        operations = 0
    }

    fileprivate func measure<Result>(_ name: Operator, _ body: () throws -> Result) rethrows -> Result {
        if isInside { return try body() }
        isInside = true
        let start = Self.now()
        defer {
            isInside = false
            let (sum, calls) = times[name] ?? (0, 0)
            times[name] = (sum + Self.now() - start, calls + 1)
        }
        return try body()
    }

    func count(_ operations: Double) { self.operations += operations }

    /// Seconds since some moment.
    static func now() -> Double {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
    }
}

/// Runs an operator, on the clock where there is one.
@inline(__always)
package func timed<Result>(_ name: @autoclosure () -> Operator, _ body: () throws -> Result) rethrows
    -> Result
{
    guard let clock = OperatorClock.current else { return try body() }
    return try clock.measure(name(), body)
}
