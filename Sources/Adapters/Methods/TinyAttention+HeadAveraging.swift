// The heads of a tiny attention as one, for deployment: W̄_Q = (1/M) Σ_m W_Qᵐ, and likewise W_K, W_V, their biases and
// W_O. With one head instead of M the attention costs 1/M; its output is the same where the heads are, and otherwise
// an approximation, since the mean of softmaxes is not the softmax of means.

extension TinyAttention {
    /// The method with one head, and parameters in which the M heads' weights are averaged into it.
    ///
    /// - Parameters:
    ///   - values: a whole vector, in which other slices, such as a head's, keep their values and their order
    ///   - layout: the vector's layout, with this method's slices among its own
    /// - Returns: the method that the averaged parameters belong to, their layout, and their values
    package func averagingHeads(_ values: [Float], in layout: ParameterLayout) -> (
        method: TinyAttention, layout: ParameterLayout, values: [Float]
    ) {
        let averaged = TinyAttention(
            placement: placement, heads: 1, width: width, norm: norm, biases: biases, layers: layers)
        var (slices, all): ([ParameterSlice], [Float]) = ([], [])
        for (slice, range) in zip(layout.slices, layout.ranges) {
            let own = Array(values[range])
            guard let layer = slice.layer, layers.contains(layer),
                let rows = Self.headRows(of: slice.name, layer: layer)
            else {
                slices.append(slice)
                all += own
                continue
            }
            var shape = slice.shape
            shape[rows ? 0 : 1] = width
            slices.append(
                ParameterSlice(
                    name: slice.name, kind: slice.kind, layer: layer, shape: shape, start: slice.start,
                    isPrunable: slice.isPrunable))
            all += rows ? averagedRows(own) : averagedColumns(own)
        }
        return (averaged, ParameterLayout(slices), all)
    }

    /// Whether a slice's heads are its rows (or its columns); nil for a slice without heads.
    private static func headRows(of name: String, layer: Int) -> Bool? {
        let prefix = "layer.\(layer).tiny-attention."
        guard name.hasPrefix(prefix) else { return nil }
        let part = name.dropFirst(prefix.count)
        if part == "output.weight" { return false }
        return TinyAttentionTensors.projections.contains { part.hasPrefix("\($0).") } ? true : nil
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
