import Encoders
import Formats
import Kernels

/// A linear map's W [out, in] and b [out] for a head or a pooler.
struct LinearValues: Equatable {
    let weight: [Float]
    let bias: [Float]

    init(weight: [Float], bias: [Float]) { (self.weight, self.bias) = (weight, bias) }

    /// The values of a backbone's map.
    init(_ map: LinearWeights) {
        weight = map.weight.values
        bias = Array(UnsafeBufferPointer(start: map.bias, count: map.weight.rows))
    }

    /// Reads a module's tensors.
    init(_ file: inout ForeignTensors, _ module: String) throws {
        weight = try file.read("\(module).weight")
        bias = try file.read("\(module).bias")
    }

    /// The map x → scale · x.
    static func scaled(_ scale: Float, width d: Int) -> LinearValues {
        var weight = [Float](repeating: 0, count: d * d)
        for i in 0..<d { weight[i * d + i] = scale }
        return LinearValues(weight: weight, bias: [Float](repeating: 0, count: d))
    }

    func namedTensors(of module: String) -> [NamedTensor] {
        let rows = bias.count
        return [
            NamedTensor(
                name: "\(module).weight", shape: [rows, weight.count / max(1, rows)], values: .float(weight)),
            NamedTensor(name: "\(module).bias", shape: [rows], values: .float(bias)),
        ]
    }
}
