/// An element type that ranks can exchange and reduce.
package protocol MPIElement: BitwiseCopyable, Sendable, Comparable {
    static var kind: ElementKind { get }

    static var zero: Self { get }

    /// Integer sums wrap.
    static func sum(_ left: Self, _ right: Self) -> Self
}

extension UInt8: MPIElement {
    package static var kind: ElementKind { .u8 }
}

extension Int32: MPIElement {
    package static var kind: ElementKind { .i32 }
}

extension Int64: MPIElement {
    package static var kind: ElementKind { .i64 }
}

extension Float: MPIElement {
    package static var kind: ElementKind { .f32 }
}

extension Double: MPIElement {
    package static var kind: ElementKind { .f64 }
}

extension MPIElement where Self: FixedWidthInteger {
    package static func sum(_ left: Self, _ right: Self) -> Self { left &+ right }
}

extension MPIElement where Self: BinaryFloatingPoint {
    package static func sum(_ left: Self, _ right: Self) -> Self { left + right }
}

extension MPIElement {
    static func combined(_ left: Self, _ right: Self, by operation: Reduction) -> Self {
        switch operation {
        case .sum: sum(left, right)
        case .max: left > right ? left : right
        case .min: left < right ? left : right
        }
    }
}
