import Adapters
import Formats

/// A method as another software writes it: members of its configuration, and its tensors.
struct ForeignAdapter {
    let configuration: [(String, JSONValue)]
    let tensors: [TensorPair]
}

/// A tensor under Hadamesh's name and under another software's.
struct TensorPair {
    /// The slice's name in a layout.
    let name: String
    /// The tensor's name in the other software's file.
    let foreign: String
    /// Its shape there; the values and their order are the same.
    let shape: [Int]

    /// A slice under another name, with its own shape unless told otherwise.
    init(_ slice: ParameterSlice, as foreign: String, shape: [Int]? = nil) {
        name = slice.name
        self.foreign = foreign
        self.shape = shape ?? slice.shape
    }
}
