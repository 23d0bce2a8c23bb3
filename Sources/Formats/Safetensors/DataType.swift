/// The element types a safetensors file may hold, named as the format names them.
package enum DataType: String, Sendable, CaseIterable {
    /// A truth value in a byte.
    case bool = "BOOL"
    /// An unsigned byte.
    case uint8 = "U8"
    /// A signed byte.
    case int8 = "I8"
    /// An 8-bit float with 5 exponent bits.
    case float8E5M2 = "F8_E5M2"
    /// An 8-bit float with 4 exponent bits.
    case float8E4M3 = "F8_E4M3"
    /// A 16-bit signed integer.
    case int16 = "I16"
    /// A 16-bit unsigned integer.
    case uint16 = "U16"
    /// An IEEE half-precision float.
    case float16 = "F16"
    /// A bfloat16.
    case bfloat16 = "BF16"
    /// A 32-bit signed integer.
    case int32 = "I32"
    /// A 32-bit unsigned integer.
    case uint32 = "U32"
    /// A single-precision float.
    case float32 = "F32"
    /// A double-precision float.
    case float64 = "F64"
    /// A 64-bit signed integer.
    case int64 = "I64"
    /// A 64-bit unsigned integer.
    case uint64 = "U64"

    /// Bytes per element.
    package var width: Int {
        switch self {
        case .bool, .uint8, .int8, .float8E5M2, .float8E4M3: 1
        case .int16, .uint16, .float16, .bfloat16: 2
        case .int32, .uint32, .float32: 4
        case .float64, .int64, .uint64: 8
        }
    }
}
