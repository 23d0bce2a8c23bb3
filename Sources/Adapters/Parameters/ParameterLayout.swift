/// A flat vector of parameters with named slices, in a fixed order.
///
/// The vector is reduced, stepped, saved and copied as a whole, each in one pass.
package struct ParameterLayout: Sendable, Equatable {
    /// The slices in their order.
    package let slices: [ParameterSlice]
    /// The range of each slice in the vector.
    package let ranges: [Range<Int>]
    private let indices: [String: Int]
    private let indicesOfTensors: [TensorName: Int]

    /// Puts slices, whose names must differ, end to end.
    package init(_ slices: [ParameterSlice]) {
        self.slices = slices
        var end = 0
        ranges = slices.map { slice in
            defer { end += slice.count }
            return end..<end + slice.count
        }
        indices = Dictionary(uniqueKeysWithValues: slices.enumerated().map { ($1.name, $0) })
        indicesOfTensors = Dictionary(uniqueKeysWithValues: slices.enumerated().map { ($1.tensor, $0) })
    }

    /// The length of the vector.
    package var count: Int { ranges.last?.upperBound ?? 0 }

    /// The range of the slice with this name.
    package subscript(_ name: String) -> Range<Int>? { indices[name].map { ranges[$0] } }

    /// The index of a tensor's slice.
    func index(_ tensor: TensorName) -> Int? { indicesOfTensors[tensor] }

    package func slice(_ name: String) -> ParameterSlice? { indices[name].map { slices[$0] } }

    /// The vector before the first update.
    package var initial: [Float] { slices.flatMap(\.initial) }

    /// The number of parameters without the head, as papers count.
    package var adapterCount: Int { slices.filter { $0.kind != .head }.reduce(0) { $0 + $1.count } }
}
