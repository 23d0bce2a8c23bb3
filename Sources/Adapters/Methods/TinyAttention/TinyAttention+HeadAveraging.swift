// One head in place of a tiny attention's M, for deployment: W̄_Q = (1/M) Σ_m W_Qᵐ, and likewise W_K, W_V,
// their biases and W_O. The attention then costs 1/M. Its output is equal if the heads are equal, and
// otherwise an approximation, since the mean of softmaxes is not the softmax of means.

import Diagnostics

extension TinyAttention {
    /// A method with one head, and its parameters.
    package struct Averaged {
        package let method: TinyAttention
        package let layout: ParameterLayout
        package let values: [Float]
    }

    /// The method with one head, and parameters with the average of the M heads' weights.
    ///
    /// - Parameters:
    ///   - values: a whole vector; slices of others, such as the classifier, keep values and order
    ///   - layout: the vector's layout, which contains this method's slices
    /// - Returns: the method with one head, and its parameters
    package func averagingHeads(_ values: [Float], in layout: ParameterLayout) -> Averaged {
        let averaged = with { $0.heads = 1 }
        var (slices, all): ([ParameterSlice], [Float]) = ([], [])
        for (slice, range) in zip(layout.slices, layout.ranges) {
            let own = Array(values[range])
            guard slice.layer.map(layers.contains) == true, let rows = Self.headsAreRows(of: slice.tensor)
            else {
                slices.append(slice)
                all += own
                continue
            }
            var shape = slice.shape
            shape[rows ? 0 : 1] = width
            slices.append(
                ParameterSlice(
                    slice.tensor, slice.kind, shape, slice.start, isPrunable: slice.isPrunable))
            all += rows ? averagedRows(own) : averagedColumns(own)
        }
        return Averaged(method: averaged, layout: ParameterLayout(slices), values: all)
    }

    /// Whether a tensor's heads are rows or columns; nil for a tensor without heads.
    private static func headsAreRows(of tensor: TensorName) -> Bool? {
        if tensor.method != name { return nil }
        if tensor.part == "\(TinyAttentionTensors.output).weight" { return false }
        let rows = TinyAttentionTensors.projections.flatMap { ["\($0).weight", "\($0).bias"] }
        return rows.contains(tensor.part) ? true : nil
    }

    /// [M·D, …] → [D, …].
    private func averagedRows(_ values: [Float]) -> [Float] {
        let count = values.count / heads
        return (0..<count).map { index in mean { values[$0 * count + index] } }
    }

    /// [d, M·D] → [d, D].
    private func averagedColumns(_ values: [Float]) -> [Float] {
        (0..<values.count / heads).map { index in
            let (row, column) = (index / width, index % width)
            return mean { values[(row * heads + $0) * width + column] }
        }
    }

    private func mean(_ value: (Int) -> Float) -> Float {
        Float((0..<heads).reduce(0.0) { $0 + Double(value($1)) } / Double(heads))
    }
}
