import CMPI

/// MPI's name for an element type.
package enum ElementKind: Sendable {
    case u8, i32, i64, f32, f64

    var raw: cmpi_type {
        switch self {
        case .u8: .u8
        case .i32: .i32
        case .i64: .i64
        case .f32: .f32
        case .f64: .f64
        }
    }
}
