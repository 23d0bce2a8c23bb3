import Formats

/// A linear map's W [out, in] and b [out] for a head or a pooler.
struct LinearValues {
    let weight: [Float]
    let bias: [Float]

    func namedTensors(of module: String) -> [NamedTensor] {
        let rows = bias.count
        return [
            NamedTensor(
                name: "\(module).weight", shape: [rows, weight.count / max(1, rows)], values: .float(weight)),
            NamedTensor(name: "\(module).bias", shape: [rows], values: .float(bias)),
        ]
    }
}
