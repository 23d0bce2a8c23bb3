#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A part of a step's time.
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
    /// The adapters' hooks.
    case adapter, adapterBackward
    /// Pooling, the linear map on top and the loss.
    case head
    /// Clipping, AdamW and checks of its result.
    case optimizer
    /// Rounding of gradients and the exchange between ranks, with waiting.
    case sum
    /// Packing of examples into batches.
    case packing
    /// Drawing the next step's plan, on the root.
    case planning
    /// Reading and writing cached activations.
    case cache

    /// The name in tables.
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

/// Sums the seconds of operators in a benchmark.
///
/// Of nested operators only the outermost counts.
///
/// Training runs without a clock; an operator then costs one read of ``current``.
package final class OperatorClock {
    /// The clock of this process, for its one computing thread.
    ///
    /// Set it before or after training, never while an operator runs.
    nonisolated(unsafe) package static var current: OperatorClock?

    /// Seconds and calls by operator.
    package private(set) var times: [Operator: (seconds: Double, calls: Int)] = [:]
    /// Floating-point operations of all products; a multiplication with its addition counts as two.
    package private(set) var operations = 0.0
    private var isInside = false

    package init() {}

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

    /// Seconds of a monotonic clock.
    static func now() -> Double {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
    }
}

/// Runs an operator, and times it if there is a clock.
@inline(__always)
package func timed<Result>(_ name: @autoclosure () -> Operator, _ body: () throws -> Result) rethrows
    -> Result
{
    guard let clock = OperatorClock.current else { return try body() }
    return try clock.measure(name(), body)
}
