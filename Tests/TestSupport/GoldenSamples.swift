package import Encoders
import Formats

/// Samples of a method's outputs and gradients on a family's tiny encoder, from
/// `Tests/Golden/methods/families`, whose script says which numbers they are.
package struct GoldenSamples: Sendable {
    private let golden: Golden
    private let stem: String
    private let norms: [Float]
    private let samples: [Float]
    private var position = (norm: 0, sample: 0)

    /// Opens the samples of a case.
    package init(of test: MethodCase, on family: EncoderFamily) throws {
        golden = try Golden("methods/families/\(family.name)")
        stem = "\(test.method).\(test.name)"
        norms = try golden.floats("\(stem).norms")
        samples = try golden.floats("\(stem).samples")
    }

    /// A parameter that the goldens on the BERT lack; nil for one that they have.
    func parameter(_ name: String) throws -> [Float]? {
        let name = "\(stem).parameters.\(name)"
        return golden.file.tensors[name] == nil ? nil : try golden.floats(name)
    }

    /// Whether every number was compared.
    package var isAtEnd: Bool { position == (norms.count, samples.count) }

    /// Compares a tensor with the next one's norm and samples, `count` of them or a few more; nil if they
    /// agree within the tolerance, which is relative to the tensor's largest number.
    package mutating func mismatch(
        _ found: some BidirectionalCollection<Float>, samples count: Int, _ tolerance: Tolerance,
        _ label: String
    ) -> String? {
        let values = Array(found)
        let chosen = stride(from: 0, to: values.count, by: max(1, values.count / count) | 1).map {
            values[$0]
        }
        defer { position = (position.norm + 1, position.sample + chosen.count) }
        guard position.norm < norms.count, position.sample + chosen.count <= samples.count else {
            return "\(label): no samples"
        }
        let largest = values.reduce(0) { max($0, Double(abs($1))) }
        let allowed = tolerance.absolute + tolerance.relative * largest
        let norm = values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        let expected = Array(samples[position.sample..<position.sample + chosen.count])
        return TestSupport.mismatch(chosen, expected, Tolerance(absolute: allowed), label)
            ?? TestSupport.mismatch(
                [norm], [Double(norms[position.norm])],
                Tolerance(absolute: allowed * Double(values.count).squareRoot()), "\(label), norm")
    }
}
