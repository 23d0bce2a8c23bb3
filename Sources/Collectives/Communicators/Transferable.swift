/// An element that ranks can exchange and reduce.
package protocol Transferable: BitwiseCopyable, Sendable, Comparable {
    /// What the network calls this type.
    static var kind: ElementKind { get }

    /// The value that a fresh buffer holds.
    static var zero: Self { get }

    /// The two values added; integers wrap.
    static func sum(_ left: Self, _ right: Self) -> Self
}

/// The element types that travel.
package enum ElementKind: Sendable {
    /// `UInt8`.
    case u8
    /// `Int32`.
    case i32
    /// `Int64`.
    case i64
    /// `Float`.
    case f32
    /// `Double`.
    case f64
}

extension UInt8: Transferable {
    package static var kind: ElementKind { .u8 }
}

extension Int32: Transferable {
    package static var kind: ElementKind { .i32 }
}

extension Int64: Transferable {
    package static var kind: ElementKind { .i64 }
}

extension Float: Transferable {
    package static var kind: ElementKind { .f32 }
}

extension Double: Transferable {
    package static var kind: ElementKind { .f64 }
}

extension Transferable where Self: FixedWidthInteger {
    /// The two values added, wrapping.
    package static func sum(_ left: Self, _ right: Self) -> Self { left &+ right }
}

extension Transferable where Self: BinaryFloatingPoint {
    /// The two values added.
    package static func sum(_ left: Self, _ right: Self) -> Self { left + right }
}

extension Transferable {
    /// The two values combined as the reduction says.
    static func combined(_ left: Self, _ right: Self, by operation: Reduction) -> Self {
        switch operation {
        case .sum: sum(left, right)
        case .max: left > right ? left : right
        case .min: left < right ? left : right
        }
    }
}
