import Adapters
import Diagnostics
import Formats

/// A method in another software's form: members of its configuration, and its tensors.
struct ForeignAdapter {
    let configuration: [(String, JSONValue)]
    let tensors: [Tensor]

    /// The tensors with an adapter's values, as they are stored.
    func namedTensors(of trained: TrainedAdapter) -> [NamedTensor] {
        tensors.map {
            NamedTensor(name: $0.foreign, shape: $0.shape, values: .float(trained.tensor($0.name)))
        }
    }

    /// A tensor under Hadamesh's name and under another software's.
    struct Tensor {
        /// The slice's name in a layout.
        let name: String
        /// The tensor's name in the other software's file.
        let foreign: String
        /// Its shape there; the values and their order are the same.
        let shape: [Int]

        init(_ slice: ParameterSlice, as foreign: String, shape: [Int]? = nil) {
            name = slice.name
            self.foreign = foreign
            self.shape = shape ?? slice.shape
        }
    }
}
