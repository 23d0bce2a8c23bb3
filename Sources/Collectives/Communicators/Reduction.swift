import CMPI

/// How the elements of all ranks become one.
package enum Reduction: Sendable {
    /// Integer sums wrap.
    case sum
    case max
    case min

    var raw: cmpi_op {
        switch self {
        case .sum: .sum
        case .max: .max
        case .min: .min
        }
    }
}
