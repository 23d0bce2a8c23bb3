/// A tensor's entry in the header of a safetensors file.
package struct TensorEntry: Sendable, Equatable {
    package let dtype: DataType
    /// Empty for a scalar.
    package let shape: [Int]
    /// The tensor's bytes, counted from the start of the file.
    package let range: Range<Int>

    /// The number of elements.
    package var count: Int { range.count / dtype.width }
}
