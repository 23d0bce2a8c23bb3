import Diagnostics
import Formats

/// A tensor under Hadamesh's name and under another software's.
struct TensorPair {
    /// The slice's name in a layout.
    let name: String
    /// The tensor's name in the other software's file.
    let foreign: String
    /// Its shape there; the numbers and their order are the same.
    let shape: [Int]
}

/// A safetensors file of another software, which must be read to its last tensor.
struct ForeignTensors {
    private let file: SafetensorsFile
    private var unread: Set<String>

    init(path: String) throws {
        file = try SafetensorsFile(path: path)
        unread = Set(file.names)
    }

    func has(_ name: String) -> Bool { file.tensors[name] != nil }

    /// A note of the file's; nil where it has none of this name.
    func note(_ name: String) -> String? { file.metadata[name] }

    /// The shape of a tensor of so many dimensions; one of another number is a failure.
    func shape(_ name: String, dimensions: Int) throws -> [Int] {
        let shape = try file.entry(name).shape
        guard shape.count == dimensions else {
            throw Failure.data(
                "tensor '\(name)' has shape \(shape), expected \(dimensions) dimensions", at: file.path)
        }
        return shape
    }

    /// The names that begin so, in order.
    func names(with prefix: String) -> [String] { file.names.filter { $0.hasPrefix(prefix) } }

    mutating func read(_ name: String) throws -> [Float] {
        guard has(name) else { throw Failure.data("tensor '\(name)' is missing", at: file.path) }
        unread.remove(name)
        return try file.floats(name)
    }

    mutating func read(_ pair: TensorPair) throws -> [Float] {
        let values = try read(pair.foreign)
        let shape = try file.entry(pair.foreign).shape
        guard shape == pair.shape else {
            throw Failure.data(
                "tensor '\(pair.foreign)' has shape \(shape), expected \(pair.shape)", at: file.path,
                remedy: "the adapter belongs to a backbone of another shape")
        }
        return values
    }

    /// Refuses a file that holds more than was read: leaving it out would change the answers.
    func requireAllRead() throws {
        if let name = unread.min() {
            throw Failure.data(
                "has a tensor '\(name)' that this kind of adapter does not have", at: file.path)
        }
    }
}

/// The settings of another software's JSON file, key by key.
struct ForeignSettings {
    private let object: JSONValue
    private let path: String

    init(_ object: JSONValue, at path: String) {
        self.object = object
        self.path = path
    }

    subscript(_ key: String) -> JSONValue? { object[key] }

    /// A key that must be there.
    func required<T>(_ key: String, _ expected: String, _ read: (JSONValue) -> T?) throws -> T {
        guard let value = object[key] else { throw Failure.data("'\(key)' is missing", at: path) }
        guard let found = read(value) else {
            throw Failure.data("'\(key)' is \(value.encoded()), expected \(expected)", at: path)
        }
        return found
    }

    /// Refuses a key that says what Hadamesh's method doesn't do; an absent key says nothing.
    func require(_ key: String, _ values: JSONValue...) throws {
        guard let found = object[key], !found.isNull, !values.contains(found) else { return }
        throw Failure.data(
            "'\(key)' is \(found.encoded()), which has no counterpart here; expected \(values[0].encoded())",
            at: path)
    }
}

/// The layers of a set as a study writes them; where a form names none, nothing depends on them.
func layerText(_ layers: some Sequence<Int>, of count: Int) -> String {
    let sorted = Set(layers).sorted()
    return sorted.isEmpty || sorted == Array(0..<count)
        ? "all" : sorted.map { "\($0)" }.joined(separator: ",")
}
