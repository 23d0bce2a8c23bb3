import Diagnostics
import Formats
import Foundation

/// A safetensors file of another software; every tensor must be read.
struct ForeignTensors {
    private let file: SafetensorsFile
    private var unread: Set<String>

    /// Opens a file of a folder; `remedy` is for one that was saved without it.
    init(_ name: String, in directory: String, remedy: String? = nil) throws {
        let path = "\(directory)/\(name)"
        if let remedy, !FileManager.default.fileExists(atPath: path) {
            throw Failure.data(
                "no \(name)", at: directory,
                remedy: "\(remedy): files of other kinds can run code when they are read")
        }
        file = try SafetensorsFile(path: path)
        unread = Set(file.names)
    }

    var path: String { file.path }

    func has(_ name: String) -> Bool { file.tensors[name] != nil }

    /// A value of the file's metadata.
    func metadata(_ key: String) -> String? { file.metadata[key] }

    /// The shape of a tensor, which must have this number of dimensions.
    func shape(_ name: String, dimensions: Int) throws -> [Int] {
        let shape = try file.entry(name).shape
        guard shape.count == dimensions else {
            throw Failure.data(
                "tensor '\(name)' has shape \(shape), expected \(dimensions) dimensions", at: file.path)
        }
        return shape
    }

    mutating func read(_ name: String) throws -> [Float] {
        guard has(name) else { throw Failure.data("tensor '\(name)' is missing", at: file.path) }
        unread.remove(name)
        let values = try file.floats(name)
        guard values.allSatisfy(\.isFinite) else {
            throw Failure.data(
                "tensor '\(name)' has a number that is infinite or NaN", at: file.path,
                remedy: "its training diverged; train it again with a lower learning rate")
        }
        return values
    }

    /// Reads an adapter's tensors, under Hadamesh's names.
    mutating func read(_ adapter: ForeignAdapter) throws -> [String: [Float]] {
        var tensors: [String: [Float]] = [:]
        for pair in adapter.tensors { tensors[pair.name] = try read(pair) }
        return tensors
    }

    private mutating func read(_ pair: ForeignAdapter.Tensor) throws -> [Float] {
        let values = try read(pair.foreign)
        let shape = try file.entry(pair.foreign).shape
        guard shape == pair.shape else {
            throw Failure.data(
                "tensor '\(pair.foreign)' has shape \(shape), expected \(pair.shape)", at: file.path,
                remedy: "the adapter belongs to a backbone of another shape")
        }
        return values
    }

    /// Refuses a file with tensors that were not read: without them the answers would differ.
    func requireAllRead() throws {
        if let name = unread.min() {
            throw Failure.data(
                "has a tensor '\(name)' that this kind of adapter does not have", at: file.path)
        }
    }
}
